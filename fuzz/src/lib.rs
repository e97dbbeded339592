//! What the fuzzer feeds with bytes, one function a reader of the program: none may panic, run without end, or take memory
//! out of proportion. The same functions are run over `seeds/` by the tests of the program.

use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use smfg::game::{Belief, Policy, PolicyFile};
use smfg::report::{RunState, theta_bytes, theta_of};
use smfg::scenario::Scenario;
use smfg::solve::{Archive, Numbers, Solved};

/// Two types, a leader with types and a few actions: every column of a policy file has a meaning.
const GAME: &str = r#"
name = "small"
horizon = 2
discount = 0.9
[parameters]
k = 0.2
[follower]
types = ["low", "high"]
actions = ["idle", "work"]
initial = [0.7, 0.3]
reward = "k * (a == work) + (x == high) * z[low] - price * (quality == good)"
[follower.transition]
"*, idle" = { high = "0.2 * z[low]", low = "rest" }
"*, work" = { high = "0.2 + 0.5 * z[low]", low = "rest" }
[leader]
types = { name = "quality", values = ["good", "bad"] }
initial = [0.5, 0.5]
actions = { name = "price", values = [0.0, 0.3] }
reward = { per_follower = "price * (a == work)" }
[solve]
leader_mixing = 1
"#;

static SMALL: LazyLock<Scenario> =
    LazyLock::new(|| Scenario::parse("small", GAME, &[]).expect("the game is a valid one"));

static SOLUTION: LazyLock<Archive> = LazyLock::new(|| {
    let solved = Solved::compute(SMALL.game(), &SMALL.solve, None);
    Archive::of(&solved.expect("the game is solved"))
});

/// A scenario's text.
pub fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Err(error) = Scenario::parse("fuzz.toml", text, &[]) {
        assert!(!error.to_string().is_empty());
    }
}

/// A formula in the place of a reward, where all names may be used.
pub fn formula(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // A basic string of TOML: what it cannot hold is escaped as in JSON.
    let quoted = serde_json::to_string(text).expect("a string has a JSON form");
    let old = GAME.lines().find(|line| line.starts_with("reward = \"k"));
    let game = GAME.replacen(
        old.expect("the game has a reward"),
        &format!("reward = {quoted}"),
        1,
    );
    if let Ok(scenario) = Scenario::parse("fuzz.toml", &game, &[]) {
        // What was checked can be evaluated between the points that were looked at, or says why not.
        let game = scenario.game();
        let mut tables = game.tables();
        for m in [0.0, 0.3, 1.0] {
            let _ = tables.evaluate(1, &[1.0 - m, m]);
        }
    }
}

/// A policy file of the small game: read, and asked everywhere.
pub fn policy(data: &[u8]) {
    let game = SMALL.game();
    match PolicyFile::from_reader(Path::new("fuzz.csv"), data, game) {
        Ok(policy) => {
            let belief = Belief::new(vec![0.25, 0.75]);
            for t in 1..=game.horizon() {
                let _ = policy.play(t, &belief, game.initial());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// theta.npz: as bytes; and, as a checksum keeps those from going deep, a true one with places changed, resealed.
/// Changes are twelve bytes each: which array, which place in it (two bytes), what is done there (a number, a length of the
/// shape, an end cut off, the array removed), and eight bytes of a new number or length.
pub fn theta(data: &[u8]) {
    let _ = theta_of(Cursor::new(data));
    let mut archive = SOLUTION.clone();
    let mut edits = data.chunks_exact(12);
    for edit in &mut edits {
        let place = usize::from(edit[0]) % archive.arrays.len();
        let (_, array) = &mut archive.arrays[place];
        let at = usize::from(u16::from_le_bytes([edit[1], edit[2]]));
        let bits = u64::from_le_bytes(edit[4..12].try_into().expect("eight bytes"));
        match (edit[3] % 4, &mut array.numbers) {
            (0, Numbers::Floats(numbers)) if !numbers.is_empty() => {
                let at = at % numbers.len();
                numbers[at] = f64::from_bits(bits);
            }
            (0, Numbers::Integers(numbers)) if !numbers.is_empty() => {
                let at = at % numbers.len();
                numbers[at] = bits.cast_signed();
            }
            (1, _) if !array.shape.is_empty() => {
                let at = at % array.shape.len();
                array.shape[at] = bits;
            }
            (2, Numbers::Floats(numbers)) => numbers.truncate(at),
            (2, Numbers::Integers(numbers)) => numbers.truncate(at),
            (3, _) => {
                archive.arrays.remove(place);
                if archive.arrays.is_empty() {
                    return;
                }
            }
            _ => {}
        }
    }
    // Written and read as it is, then taken for a solution: refused, or one that can be asked.
    let Ok(bytes) = theta_bytes(&archive) else {
        return;
    };
    let Ok(archive) = theta_of(Cursor::new(bytes)) else {
        return;
    };
    if let Ok(solution) = archive.restore(SMALL.game(), &SMALL.solve) {
        let _ = solution.play(1, SMALL.game().initial_belief(), SMALL.game().initial());
    }
}

/// state.json of a share.
pub fn state(data: &[u8]) {
    let Ok(state) = serde_json::from_slice::<RunState>(data) else {
        return;
    };
    for population in &state.populations {
        let summary = &population.summary;
        if summary.is_sound() {
            let _ = summary.rows();
            let _ = summary.clone().absorb(summary);
        }
    }
}
