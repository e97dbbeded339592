//! A policy read from a table with policy.csv's columns: between rows the nearest (pi, z) is taken, by the sum of the two
//! total variations.
//!
//! Only `gamma_TYPE_ACTION` is required (an action that a type may not take can be left out, at probability 0). Without
//! `t`, without `pi_LTYPE` or without `z_TYPE` the policy is constant in them. What the leader plays is read from one of
//! `leader_action`, `leader_action_LTYPE`, `leader_prob_ACTION` and `leader_prob_LTYPE_ACTION`; the first and third are the
//! same for all of her types. Without any of them the game must have one leader action. Every other column is ignored.

mod columns;
mod error;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use error::{PolicyFileError, PolicyProblem};

use columns::Columns;

use super::{
    Belief, Game, LeaderMixing, LeaderPrescription, MeanField, Play, Policy, Prescription,
};

/// Rows whose distance to (pi, z) exceeds the smallest by at most this are equally near: it covers the rounding of distances.
const TIE_TOLERANCE: f64 = 1e-12;

/// A Markov policy given by its values at finitely many (t, pi, z).
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyFile {
    /// One list per period, in the order of the file; a single list where the policy is constant in t.
    periods: Vec<Vec<Row>>,
    mixing: LeaderMixing,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// pi(x^l), one per leader type; empty where the policy is constant in pi.
    belief: Vec<f64>,
    /// z(x), one per type; empty where the policy is constant in z.
    z: Vec<f64>,
    play: Play,
}

impl PolicyFile {
    /// Read the policy of `game` in the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read or is no such table; a row whose probabilities are none.
    pub fn read(path: &Path, game: &Game) -> Result<Self, PolicyFileError> {
        let at_file = |problem| PolicyFileError {
            path: path.to_path_buf(),
            line: None,
            problem,
        };
        let file = File::open(path).map_err(|error| at_file(PolicyProblem::Open(error)))?;
        Self::from_reader(path, file, game)
    }

    /// The same from any source; `path` is its name in messages.
    ///
    /// # Errors
    /// As for [`PolicyFile::read`].
    pub fn from_reader(
        path: &Path,
        source: impl Read,
        game: &Game,
    ) -> Result<Self, PolicyFileError> {
        let error = |line, problem| PolicyFileError {
            path: path.to_path_buf(),
            line,
            problem,
        };
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(source);
        let header = reader
            .headers()
            .map_err(|e| error(line_of(&e), unread(e)))?
            .clone();
        let columns = Columns::find(&header, game).map_err(|problem| error(Some(1), problem))?;
        let lists = if columns.has_periods() {
            game.horizon()
        } else {
            1
        };
        let mut periods = vec![Vec::new(); lists];
        let mut lines = vec![Vec::new(); lists];
        for record in reader.records() {
            let record = record.map_err(|e| error(line_of(&e), unread(e)))?;
            let line = record.position().map(csv::Position::line);
            let (t, row) = columns
                .row(&record, game)
                .map_err(|problem| error(line, problem))?;
            let rows: &mut Vec<Row> = &mut periods[t - 1];
            if columns.are_constant() && !rows.is_empty() {
                return Err(error(line, PolicyProblem::DoubledRow { t }));
            }
            rows.push(row);
            lines[t - 1].push(line);
        }
        for (index, (rows, lines)) in periods.iter().zip(&lines).enumerate() {
            if let Some(Twins { first, second }) = twins(rows) {
                let problem = PolicyProblem::SamePlace {
                    t: index + 1,
                    first: lines[first].unwrap_or(0),
                };
                return Err(error(lines[second], problem));
            }
        }
        match periods.iter().position(Vec::is_empty) {
            Some(_) if !columns.has_periods() => Err(error(None, PolicyProblem::Empty)),
            Some(index) => Err(error(
                None,
                PolicyProblem::MissingPeriod {
                    t: index + 1,
                    horizon: game.horizon(),
                },
            )),
            None => Ok(Self {
                periods,
                mixing: columns.mixing(),
            }),
        }
    }

    /// Whether the file gives laws of leader actions.
    pub fn leader_mixing(&self) -> LeaderMixing {
        self.mixing
    }
}

/// Multiply-adds in the time of looking a row up, apart from its search,
const LOOK_UP: f64 = 1e3;
/// and of comparing one entry of a row.
const ENTRY: f64 = 6.0;

impl Policy for PolicyFile {
    fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Play {
        let rows = &self.periods[(t - 1).min(self.periods.len() - 1)];
        let to =
            |row: &Row| distance(&row.belief, belief.weights()) + distance(&row.z, z.weights());
        let distances = || rows.iter().map(to);
        let smallest = distances().fold(f64::INFINITY, f64::min);
        let nearest = distances().position(|distance| distance <= smallest + TIE_TOLERANCE);
        rows[nearest.unwrap_or(0)].play.clone()
    }

    fn answer(
        &self,
        _: usize,
        _: &Belief,
        _: &MeanField,
        _: &LeaderPrescription,
    ) -> Option<Prescription> {
        None
    }

    /// Every row of the period is compared with (pi, z).
    fn play_cost(&self, t: usize, belief: &Belief, z: &MeanField) -> f64 {
        let rows = self.periods[(t - 1).min(self.periods.len() - 1)].len();
        let numbers = belief.weights().len() + z.weights().len();
        LOOK_UP + 2.0 * ENTRY * (rows * numbers) as f64
    }
}

/// Total variation; 0 from a row without that law.
fn distance(row: &[f64], law: &[f64]) -> f64 {
    0.5 * row.iter().zip(law).map(|(a, b)| (a - b).abs()).sum::<f64>()
}

/// Two rows of one period at one (pi, z), by their places in its list.
struct Twins {
    first: usize,
    second: usize,
}

/// A row of a period that an earlier one stands in the way of: their distance is at most the tolerance of ties, so
/// that wherever it is nearest the earlier one is taken.
///
/// Rows are compared in the order of one weighted sum of their numbers, in which twins stand next to each other.
fn twins(rows: &[Row]) -> Option<Twins> {
    let sum = |row: &Row| -> f64 {
        let numbers = row.belief.iter().chain(&row.z).enumerate();
        // Weights of at most 1 that lattice points do not share.
        numbers.map(|(i, w)| w / ((i + 1) as f64).sqrt()).sum()
    };
    let mut order: Vec<(f64, usize)> = rows.iter().map(sum).zip(0..).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    // A total variation d moves the sum by 2 d at most, for each law; the rest covers the rounding of sums.
    let reach = 8.0 * TIE_TOLERANCE;
    let mut found: Option<Twins> = None;
    for (i, (sum, a)) in order.iter().enumerate() {
        let near = order[i + 1..].iter();
        for (_, b) in near.take_while(|(other, _)| *other <= sum + reach) {
            let (first, second) = (*a.min(b), *a.max(b));
            let (one, other) = (&rows[first], &rows[second]);
            let away = distance(&one.belief, &other.belief) + distance(&one.z, &other.z);
            let is_earlier = found
                .as_ref()
                .is_none_or(|f| (second, first) < (f.second, f.first));
            if away <= TIE_TOLERANCE {
                found = if is_earlier {
                    Some(Twins { first, second })
                } else {
                    found
                };
                // Rows alike need not all be compared.
                break;
            }
        }
    }
    found
}

/// What the reader of CSV found.
fn unread(error: csv::Error) -> PolicyProblem {
    match *error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len: expected,
            len: found,
            ..
        } => PolicyProblem::RowLength { found, expected },
        csv::ErrorKind::Utf8 { .. } => PolicyProblem::NotText,
        _ => PolicyProblem::Table(error),
    }
}

fn line_of(error: &csv::Error) -> Option<u64> {
    error.position().map(csv::Position::line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::LeaderAction;
    use crate::scenario::Scenario;

    const GAME: &str = r#"
name = "g"
horizon = 2
discount = 1.0
[follower]
types = ["low", "high"]
actions = ["stay", "go", "quit"]
available = { high = ["stay", "go"] }
initial = [0.5, 0.5]
reward = "1.0"
[follower.transition]
"*, *" = { low = 1 }
[leader]
actions = { name = "price", values = [0.25, 0.5] }
reward = { period = "price" }
"#;

    fn game(text: &str) -> Scenario {
        Scenario::parse("g.toml", text, &[]).unwrap()
    }

    fn read(game_text: &str, csv: &str) -> Result<PolicyFile, PolicyFileError> {
        PolicyFile::from_reader(Path::new("p.csv"), csv.as_bytes(), game(game_text).game())
    }

    const GAMMA: &str = "gamma_low_stay,gamma_low_go,gamma_low_quit,gamma_high_stay,gamma_high_go";

    /// Text of a file whose header begins with `extra`, with these rows.
    fn csv(extra: &str, rows: &[&str]) -> String {
        format!("{extra}{GAMMA}\n{}\n", rows.join("\n"))
    }

    fn without_leader() -> String {
        GAME.split("[leader]").next().unwrap().to_owned()
    }

    #[test]
    fn one_row_is_a_constant_policy() {
        let policy = read(&without_leader(), &csv("", &["0.5,0.25,0.25,1,0"])).unwrap();
        for (t, m) in [(1, 0.0), (2, 0.7)] {
            let play = policy.play(t, &Belief::certain(), &MeanField::two_types(m));
            assert_eq!(play.leader_action(), LeaderAction(0));
            assert_eq!(play.prescription.rows(), [0.5, 0.25, 0.25, 1.0, 0.0, 0.0]);
            assert_eq!(
                policy.answer(
                    t,
                    &Belief::certain(),
                    &MeanField::two_types(m),
                    &LeaderPrescription::action(LeaderAction(0))
                ),
                None
            );
        }
    }

    #[test]
    fn the_nearest_row_of_the_period_is_played_and_the_first_of_two_as_near() {
        let rows = [
            "1,0.0,1.0,0.25,9,1,0,0,1,0",
            "1,0.35,0.65,0.50,9,0,1,0,1,0",
            "1,0.3,0.7,0.25,9,0,0,1,1,0",
            "2,0.3,0.7,0.5,9,1,0,0,0,1",
        ];
        let policy = read(GAME, &csv("t,z_low,z_high,leader_action,v_leader,", &rows)).unwrap();
        let played = |t, high: f64| {
            let play = policy.play(t, &Belief::certain(), &MeanField::two_types(high));
            (
                play.leader_action().0,
                play.prescription
                    .row(0)
                    .iter()
                    .position(|p| *p == 1.0)
                    .unwrap(),
            )
        };
        assert_eq!(played(1, 0.9), (0, 0));
        assert_eq!(played(1, 0.84), (0, 2));
        assert_eq!(played(1, 0.86), (0, 0));
        assert_eq!(played(1, 0.0), (1, 1));
        // Halfway between the second row and the third, where rounding makes the third nearer.
        let middle = MeanField::two_types(0.675);
        assert!(
            distance(&[0.3, 0.7], middle.weights()) < distance(&[0.35, 0.65], middle.weights())
        );
        assert_eq!(played(1, 0.675), (1, 1));
        assert_eq!(played(1, 0.676), (0, 2));
        assert_eq!(
            policy
                .play(2, &Belief::certain(), &MeanField::two_types(1.0))
                .prescription
                .row(1),
            [0.0, 1.0, 0.0]
        );
    }

    #[test]
    fn leader_actions_are_read_by_text_or_value() {
        for (text, index) in [("0.25", 0), ("0.5", 1), ("0.50", 1), (".5", 1), ("5e-1", 1)] {
            let policy = read(
                GAME,
                &csv("leader_action,", &[&format!("{text},1,0,0,1,0")]),
            )
            .unwrap();
            assert_eq!(
                policy
                    .play(1, &Belief::certain(), &MeanField::two_types(0.5))
                    .leader_action(),
                LeaderAction(index)
            );
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error =
            PolicyFile::read(Path::new("/no/such/file.csv"), game(GAME).game()).unwrap_err();
        assert!(matches!(error.problem, PolicyProblem::Open(_)));
        assert!(
            error
                .to_string()
                .starts_with("/no/such/file.csv: the policy file cannot be opened"),
            "{error}"
        );
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let row = "0.25,1,0,0,1,0";
        let with_leader = |rows: &[&str]| csv("leader_action,", rows);
        let faults = [
            (
                csv("", &["1,0,0,1,0"]),
                "line 1: the column leader_action is missing, and the leader has 2 actions",
            ),
            (
                with_leader(&[row]).replace("low_go", "low_og"),
                "line 1: the column gamma_low_go is missing",
            ),
            (
                csv("leader_action,z_low,", &["0.25,1,1,0,0,1,0"]),
                "line 1: the column z_high is missing",
            ),
            (
                csv("leader_action,z_high,", &["0.25,1,1,0,0,1,0"]),
                "line 1: the column z_low is missing",
            ),
            (
                csv("t,leader_action,t,", &["1,0.25,1,1,0,0,1,0"]),
                "line 1: the column t stands there twice",
            ),
            (with_leader(&[]), "p.csv: the policy file has no rows"),
            (with_leader(&[row, row]), "line 3: a second row for t = 1"),
            (
                with_leader(&["0.3,1,0,0,1,0"]),
                "line 2: leader_action = `0.3`: write one of hers, 0.25, 0.5",
            ),
            (
                with_leader(&["0.25,1,x,0,1,0"]),
                "line 2: gamma_low_go = `x`: write a number from 0 to 1",
            ),
            (
                with_leader(&["0.25,NaN,0,0,1,0"]),
                "line 2: gamma_low_stay = `NaN`",
            ),
            (
                with_leader(&["0.25,2,-1,0,1,0"]),
                "line 2: gamma_low_stay = `2`",
            ),
            (
                with_leader(&["0.25,0.5,0.4,0,1,0"]),
                "line 2: the columns gamma_low_* sum to 0.9",
            ),
            (
                with_leader(&["0.25,1,0,0,1"]),
                "line 2: the row has 5 fields, the header 6: write one per column",
            ),
            (
                with_leader(&[&format!("0.25,{},0,0,1,0", "9".repeat(10_000))]),
                "9...`: write a number from 0 to 1",
            ),
            (
                csv("t,leader_action,", &["1,0.25,1,0,0,1,0"]),
                "p.csv: no row for t = 2",
            ),
            (
                csv("t,leader_action,", &["3,0.25,1,0,0,1,0"]),
                "line 2: t = `3`: write a whole number from 1 to the horizon, 2",
            ),
            (
                csv("t,leader_action,", &["0,0.25,1,0,0,1,0"]),
                "line 2: t = `0`",
            ),
            (
                csv("leader_action,z_low,z_high,", &["0.25,0.5,0.4,1,0,0,1,0"]),
                "line 2: the columns z_* sum to 0.9",
            ),
            (
                csv("leader_action,gamma_high_quit,", &["0.25,0.5,1,0,0,0.5,0"]),
                "line 2: gamma_high_quit = 0.5, but the type may not take that action",
            ),
        ];
        for (text, expected) in faults {
            let message = read(GAME, &text).unwrap_err().to_string();
            assert!(
                message.starts_with("p.csv") && message.contains(expected),
                "{message}\n  for {expected}"
            );
        }
        let not_text = PolicyFile::from_reader(
            Path::new("p.csv"),
            &b"leader_action,\xff\n"[..],
            game(GAME).game(),
        );
        assert!(matches!(
            not_text.unwrap_err().problem,
            PolicyProblem::NotText
        ));
    }

    #[test]
    fn two_rows_at_one_place_are_refused_with_both_lines() {
        let z = "t,z_low,z_high,leader_action,";
        let at = |row: &str| format!("{row},0.25,{PLAYED}");
        let cases: [(&str, Vec<String>, u64); 5] = [
            (
                z,
                vec![
                    at("1,0.5,0.5"),
                    at("2,0.5,0.5"),
                    "1,.50,5e-1,0.5,0,1,0,0,1".into(),
                ],
                4,
            ),
            // The same row twice.
            (
                z,
                vec![at("1,0,1"), at("2,1,0"), at("2,0,1"), at("2,0,1.0")],
                5,
            ),
            // -0 is 0.
            (z, vec![at("1,0,1"), at("2,1,0"), at("1,-0,1")], 4),
            // Nearer than what counts as equally near: the second could never be played.
            (
                z,
                vec![
                    at("2,0.3,0.7"),
                    at("1,0.3,0.7"),
                    at("1,0.3000000000001,0.6999999999999"),
                ],
                4,
            ),
            (
                "z_low,z_high,leader_action,",
                vec![at("0.5,0.5"), at("0.25,0.75"), at("0.5,0.5")],
                4,
            ),
        ];
        for (header, rows, line) in cases {
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            let message = read(GAME, &csv(header, &rows)).unwrap_err().to_string();
            assert!(
                message.contains(&format!("line {line}: a second row for t = "))
                    && message.contains("at the place of line "),
                "{message}"
            );
        }
        let apart = [
            at("1,0.3,0.7"),
            at("1,0.300000001,0.699999999"),
            at("2,0.3,0.7"),
        ];
        let apart = apart.each_ref().map(String::as_str);
        assert!(read(GAME, &csv(z, &apart)).is_ok());
        let beliefs = "pi_weak,pi_firm,z_low,z_high,leader_action,";
        let rows = [
            at("0.5,0.5,1,0"),
            at("0.5,0.5,0,1"),
            at("1,0,1,0"),
            at("0.50,0.5,1,0"),
        ];
        let rows = rows.each_ref().map(String::as_str);
        assert!(read(&typed(), &csv(beliefs, &rows[..3])).is_ok());
        let message = read(&typed(), &csv(beliefs, &rows))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("line 5: a second row for t = 1 at the place of line 2"),
            "{message}"
        );
    }

    fn typed() -> String {
        let types = "[leader]\ntypes = [\"weak\", \"firm\"]\ninitial = [0.5, 0.5]\n";
        GAME.replace("[leader]\n", types)
    }

    const PLAYED: &str = "1,0,0,1,0";

    #[test]
    fn the_nearest_belief_and_mean_field_are_played_together() {
        let header = "pi_weak,pi_firm,z_low,z_high,leader_action,";
        let rows = [
            format!("0,1,0,1,0.25,{PLAYED}"),
            format!("1,0,0,1,0.5,{PLAYED}"),
            format!("1,0,1,0,0.25,{PLAYED}"),
        ];
        let rows = rows.each_ref().map(String::as_str);
        let policy = read(&typed(), &csv(header, &rows)).unwrap();
        assert_eq!(policy.leader_mixing(), LeaderMixing::Pure);
        let played = |weak: f64, high: f64| {
            let belief = Belief::new(vec![weak, 1.0 - weak]);
            policy.play(1, &belief, &MeanField::two_types(high)).leader
        };
        let constant = |a| LeaderPrescription::pure(vec![LeaderAction(a); 2]);
        assert_eq!(played(0.4, 0.9), constant(0));
        assert_eq!(played(0.6, 0.9), constant(1));
        assert_eq!(played(0.9, 0.3), constant(0));
        // As far from the first row as from the third: the first is taken.
        assert_eq!(played(0.5, 0.5), constant(0));
    }

    #[test]
    fn what_the_leader_plays_is_read_from_any_of_its_columns() {
        let leader = |text: &str, header: &str, row: &str| {
            let policy = read(text, &csv(header, &[&format!("{row},{PLAYED}")])).unwrap();
            let types = if text.contains("weak") { 2 } else { 1 };
            let belief = Belief::of_type(types, crate::game::LeaderType(0));
            let leader = policy.play(1, &belief, &MeanField::two_types(0.5)).leader;
            (leader, policy.leader_mixing())
        };
        let mixed = |rows: &[f64]| LeaderPrescription::Mixed {
            actions: 2,
            rows: rows.to_vec(),
        };
        assert_eq!(
            leader(
                &typed(),
                "leader_action_firm,leader_action_weak,",
                "0.5,0.25"
            ),
            (
                LeaderPrescription::pure(vec![LeaderAction(0), LeaderAction(1)]),
                LeaderMixing::Pure
            )
        );
        let laws = "leader_prob_0.25,leader_prob_0.5,";
        assert_eq!(
            leader(&typed(), laws, "0.25,0.75"),
            (mixed(&[0.25, 0.75, 0.25, 0.75]), LeaderMixing::Mixed)
        );
        assert_eq!(
            leader(GAME, laws, "0.25,0.75"),
            (mixed(&[0.25, 0.75]), LeaderMixing::Mixed)
        );
        let by_type = "leader_prob_weak_0.25,leader_prob_weak_0.5,leader_prob_firm_0.25,leader_prob_firm_0.5,";
        assert_eq!(
            leader(&typed(), by_type, "0.25,0.75,1,0").0,
            mixed(&[0.25, 0.75, 1.0, 0.0])
        );
    }

    #[test]
    fn faults_of_beliefs_and_leaders_are_told_with_their_line() {
        let faults = [
            (
                csv("leader_action,pi_firm,", &["0.25,1,1,0,0,1,0"]),
                "line 1: the column pi_weak is missing",
            ),
            (
                csv(
                    "leader_action,pi_weak,pi_firm,",
                    &["0.25,0.5,0.25,1,0,0,1,0"],
                ),
                "line 2: the columns pi_* sum to 0.75",
            ),
            (
                csv("leader_action,pi_weak,pi_firm,", &["0.25,x,1,1,0,0,1,0"]),
                "line 2: pi_weak = `x`: write a number from 0 to 1",
            ),
            (
                csv("leader_action_weak,", &["0.25,1,0,0,1,0"]),
                "line 1: the column leader_action_firm is missing",
            ),
            (
                csv(
                    "leader_action_weak,leader_action_firm,",
                    &["0.25,2,1,0,0,1,0"],
                ),
                "line 2: leader_action_firm = `2`: write one of hers, 0.25, 0.5",
            ),
            (
                csv("leader_prob_0.5,", &["1,1,0,0,1,0"]),
                "line 1: the column leader_prob_0.25 is missing",
            ),
            (
                csv("leader_prob_0.5,leader_prob_0.25,", &["0.5,0.25,1,0,0,1,0"]),
                "line 2: the columns leader_prob_* sum to 0.75",
            ),
            (
                csv(
                    "leader_action,leader_prob_0.5,leader_prob_0.25,",
                    &["0.5,1,0,1,0,0,1,0"],
                ),
                "line 1: the columns leader_action and leader_prob_0.25 both say what the leader plays",
            ),
            (
                csv("", &[PLAYED]),
                "line 1: the column leader_action is missing, and the leader has 2 actions",
            ),
        ];
        for (text, expected) in faults {
            let message = read(&typed(), &text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}\n  for {expected}");
        }
    }
}
