"""Read back what a run left, with pandas and with polars, and hold it against the tables' contract.

    python tests/read_tables.py FOLDER

Checks every table that the folder's manifest lists: its header, the type of every column in both libraries, no empty
field, floats that are the shortest text of their value and the same number in both libraries, and a plausible number
of rows. Prints one line per file and exits with 1 if any check failed. Needs Python 3.11, polars and a pandas
whose default float precision is exact (3.1).
"""

import csv
import json
import sys
import tomllib
from decimal import Decimal
from pathlib import Path

import numpy
import pandas
import polars

INT, FLOAT, TEXT, NUMBER, ANY = "int", "float", "text", "number", "any"
ROWS_TRACED = 1_000_000


class Game:
    """What the contract needs to know of the scenario in a manifest."""

    def __init__(self, manifest):
        scenario = tomllib.loads(manifest["scenario"])
        self.types = list(scenario["follower"]["types"])
        self.actions = list(scenario["follower"]["actions"])
        self.horizon = scenario["horizon"]
        settings = manifest["settings"]
        leader = scenario.get("leader", {})
        self.typed = "types" in leader
        self.private = self.typed and not leader.get("observed", False)
        self.mixes = scenario.get("solve", {}).get("leader_mixing", 1) > 1
        for given in settings.get("set", []):
            key, value = given.split("=", 1)
            if key.strip() == "horizon":
                self.horizon = int(value)
            if key.strip() == "leader.observed":
                self.private = self.typed and value.strip() != "true"
            if key.strip() == "solve.leader_mixing":
                self.mixes = int(value) > 1
        self.grid = settings["solve"]["grid"]
        self.populations = len(settings["simulate"]["populations"])
        self.replications = settings["simulate"]["replications"]
        self.by_type = settings.get("returns_by_type", False)

    def of_types(self, prefix, kind=FLOAT, suffix=""):
        return {f"{prefix}_{x}{suffix}": kind for x in self.types}

    def gammas(self):
        return {f"gamma_{x}_{a}": FLOAT for x in self.types for a in self.actions}

    def shares(self, suffix=""):
        return {f"share_{a}{suffix}": FLOAT for a in self.actions}

    def z_summary(self):
        statistics = ["mean", "sd", "q05", "q95"]
        return {f"z_{x}_{s}": FLOAT for x in self.types for s in statistics}

    def columns(self, table, header):
        """The header of a table, each column with its type. The names of leader types and actions are as they stand there."""
        z, rewards = self.of_types("z"), {"follower_reward": FLOAT, "leader_reward": FLOAT}

        def named(before, kind=FLOAT):
            return {name: kind for name in header if name.startswith(before)} or {f"{before}*": kind}

        if self.typed:
            z = z | named("pi_")
        taken = ({"leader_type": ANY} if self.typed else {}) | {"leader_action": ANY}
        played = named("leader_action_", ANY) if self.private else {"leader_action": ANY}
        if self.mixes:
            played = named("leader_prob_")
        averaged = named("leader_prob_") if self.private or self.mixes else played
        v_leader = named("v_leader_") if self.private else {"v_leader": FLOAT}
        copy = {"population": INT, "replication": INT}
        return {
            "policy.csv": {"t": INT} | z | played | self.gammas() | self.of_types("v_follower")
            | v_leader | {"equilibria": INT, "residual": FLOAT},
            "mean_field.csv": {"node": INT, "parent": NUMBER, "weight": FLOAT, "t": INT} | z | averaged | self.gammas()
            | self.shares() | rewards,
            "trace.csv": copy | {"t": INT} | z | taken | self.shares() | rewards,
            "summary.csv": {"population": INT, "t": INT} | self.z_summary() | self.shares("_mean")
            | {"distance_mean": FLOAT, "distance_sd": FLOAT},
            "returns.csv": copy | {"follower_return": FLOAT, "leader_return": FLOAT}
            | (self.of_types("follower_return") if self.by_type else {}),
            "deviations.csv": {"population": INT, "player": TEXT, "start": TEXT, "deviation": TEXT, "method": TEXT,
                               "gain": FLOAT, "std_error": FLOAT, "low": FLOAT, "high": FLOAT, "replications": INT,
                               "value": FLOAT, "value_deviation": FLOAT, "verdict": TEXT, "mean_weight": FLOAT,
                               "effective_replications": FLOAT},
            "best_response.csv": {"population": INT, "t": INT, "type": TEXT} | self.of_types("z") | {"action": TEXT, "gain": FLOAT},
        }[table]

    def rows(self, table):
        """The least and the largest plausible number of rows."""
        path = self.horizon + 1
        runs = self.populations * self.replications
        none, many = 0, float("inf")
        return {
            "policy.csv": (self.horizon, many if self.typed else self.horizon * (self.grid + 1)),
            "mean_field.csv": (path, many),
            "trace.csv": (min(path * runs, self.populations * path), min(path * runs, ROWS_TRACED)),
            "summary.csv": (self.populations * path, self.populations * path),
            "returns.csv": (runs, runs),
            "deviations.csv": (1, many),
            "best_response.csv": (none, many),
        }[table]


DOCUMENTS = {
    "certificate.json": ["failed_stage_games", "max_equilibria", "enumeration_complete", "follower_exploitability",
                         "leader_gain", "without_coin", "consistency", "jumps", "unsupported_stage_games",
                         "jump_edges", "mixed_simplex_share", "commitment_gap", "values", "warnings"],
    "verdict.json": ["verdict", "epsilon", "confidence", "class", "results", "warnings"],
    "manifest.json": ["smfg_version", "scenario", "scenario_sha256", "seed", "settings", "files", "threads",
                      "seconds", "command"],
}


def kind_of_text(text):
    """The type that one field's text has by itself; none where a float is not the shortest text of its value."""
    try:
        value = float(text)
    except ValueError:
        return TEXT
    if text.lstrip("+-").isdigit():
        return INT
    shortest = Decimal(repr(value))
    if shortest.is_finite() and Decimal(text) != shortest:
        return "a float in too many digits"
    return FLOAT


def kind_of_pandas(series):
    if pandas.api.types.is_integer_dtype(series):
        return INT
    return FLOAT if pandas.api.types.is_float_dtype(series) else TEXT


def kind_of_polars(series):
    if series.dtype.is_integer():
        return INT
    return FLOAT if series.dtype.is_float() else TEXT


def allowed(kind):
    return {NUMBER: {INT, FLOAT}, ANY: {FLOAT, TEXT}}.get(kind, {kind})


def check_fields(path, columns):
    """Look at the text itself: no empty field, and a float always looks like one. Every 50th row after the first 2,000."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        for number, row in enumerate(rows, start=1):
            if "" in row:
                yield f"row {number} has an empty field: {row}"
                return
            if number > 2_000 and number % 50:
                continue
            for (name, kind), text in zip(columns.items(), row, strict=True):
                # A name may look like a number, and NaN stands for an unknown one.
                if kind == TEXT or text == "NaN":
                    continue
                if (found := kind_of_text(text)) not in allowed(kind):
                    yield f"row {number}, {name}: {text} is {found}, not {kind}"
                    return


def check_table(path, game):
    """Everything that is wrong with one table, and its size."""
    by_pandas, by_polars = pandas.read_csv(path), polars.read_csv(path)
    columns = game.columns(path.name, by_polars.columns)
    wrong = []
    for library, header in [("pandas", list(by_pandas.columns)), ("polars", by_polars.columns)]:
        if header != list(columns):
            wrong.append(f"{library} reads the header {header}, not {list(columns)}")
    least, most = game.rows(path.name)
    rows = len(by_pandas)
    if not least <= rows <= most or rows != by_polars.height:
        wrong.append(f"{rows} rows by pandas and {by_polars.height} by polars; {least} to {most} expected")
    if wrong or rows == 0:
        return rows, wrong
    for name, kind in columns.items():
        kinds = {kind_of_pandas(by_pandas[name]), kind_of_polars(by_polars[name])}
        if len(kinds) > 1 or not kinds <= allowed(kind):
            wrong.append(f"{name} is read as {' and '.join(sorted(kinds))}, not as {kind}")
        elif by_polars[name].null_count():
            wrong.append(f"{name} has nulls in polars")
        elif kinds == {FLOAT} and not numpy.array_equal(by_pandas[name], by_polars[name].to_numpy(), equal_nan=True):
            wrong.append(f"{name} differs between pandas and polars")
    wrong.extend(check_fields(path, columns))
    return rows, wrong


def refuse_constant(text):
    raise ValueError(f"{text} is not JSON")


def check_document(path):
    """Everything that is wrong with one JSON document, and its number of keys."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse_constant)
    except ValueError as error:
        return 0, [str(error)]
    return len(document), [f"no key {key}" for key in DOCUMENTS[path.name] if key not in document]


def check_theta(path, game):
    """Everything that is wrong with a solution on disk, and its number of arrays: V_1 at z_1 has to be policy.csv's."""
    arrays = numpy.load(path)
    about = json.loads(arrays["about"].tobytes())
    wrong = []
    if about["follower_types"] != game.types or about["follower_actions"] != game.actions:
        wrong.append("it names other types or actions")
    if about["kind"] == "pieces":
        table = pandas.read_csv(path.parent / "policy.csv")
        rows = table[table["t"] == 1]
        first = slice(*arrays["piece_start"][:2])
        lo, hi = arrays["piece_lo"][first], arrays["piece_hi"][first]
        # Clear of the ends, where another piece may be meant.
        for _, row in rows.iterrows():
            m = row[f"z_{game.types[1]}"]
            inside = numpy.flatnonzero((lo + 1e-9 < m) & (m < hi - 1e-9))
            if len(inside) != 1 or game.typed:
                continue
            k = inside[0]
            s = (2 * m - lo[k] - hi[k]) / (hi[k] - lo[k])
            unit = arrays["unit"][[0, 0, 1]]
            got = unit * (arrays["piece_values"][first][k] @ s ** numpy.arange(5))
            expected = row[[*(f"v_follower_{name}" for name in game.types), "v_leader"]].to_numpy(float)
            if not numpy.allclose(got, expected, rtol=0, atol=1e-7):
                wrong.append(f"V_1 at m = {m} is {got}, and policy.csv has {expected}")
                break
    return len(arrays.files), wrong


def main(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    game = Game(manifest)
    found = sorted(path.name for path in folder.iterdir())
    listed = sorted([*manifest["files"], "manifest.json"])
    failures = 0
    if found != listed:
        print(f"{folder}: holds {found}, its manifest lists {listed}")
        failures += 1
    for name in listed:
        if name.endswith(".csv"):
            try:
                size, wrong = check_table(folder / name, game)
            except (ValueError, polars.exceptions.PolarsError) as error:
                size, wrong = 0, [f"cannot be read: {error}"]
            print(f"{name}: {size} rows, {'; '.join(wrong) or 'ok'}")
        elif name.endswith(".npz"):
            size, wrong = check_theta(folder / name, game)
            print(f"{name}: {size} arrays, {'; '.join(wrong) or 'ok'}")
        else:
            size, wrong = check_document(folder / name)
            print(f"{name}: {size} keys, {'; '.join(wrong) or 'ok'}")
        failures += bool(wrong)
    return min(failures, 1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
