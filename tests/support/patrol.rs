//! A leader with a mood whose rule moves the followers, as text.

const PATROL: &str = r#"
name = "patrol"
horizon = 2
discount = 0.5
[follower]
types = ["calm", "wild"]
actions = ["hold", "push"]
initial = [0.6, 0.4]
reward = "(x == wild) + 0.5 * (a == push) * (leader_type == grim) - (leader_action == strict) * z[wild]"
[follower.transition]
"calm, hold" = { wild = "0.1 + 0.3 * (leader_type == grim) + 0.2 * (leader_action == strict) + 0.3 * z[wild]", calm = "rest" }
"calm, push" = { wild = "0.5 + 0.2 * (leader_action == strict) * z[wild]", calm = "rest" }
"wild, hold" = { wild = "0.8 - 0.4 * (leader_type == kind) * (leader_action == strict)", calm = "rest" }
"wild, push" = { wild = "0.7 - 0.4 * (leader_type == kind) * (leader_action == strict)", calm = "rest" }
[leader]
actions = ["strict", "lax"]
types = ["kind", "grim"]
initial = [0.7, 0.3]
observed = false
reward = { period = "2 * (leader_type == grim) + (leader_action == strict)", per_follower = "3 * (a == push)" }
[leader.transition]
"kind, strict" = { grim = "0.2 + 0.5 * z[wild]", kind = "rest" }
"kind, lax" = { grim = 0.1, kind = "rest" }
"grim, strict" = { grim = "0.4 + 0.3 * z[wild]", kind = "rest" }
"grim, lax" = { grim = 0.75, kind = "rest" }
[simulate]
populations = [20, 300]
replications = 200
"#;

/// Whether the leader has types, and who sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Types {
    Private,
    Public,
    /// A kind leader.
    None,
}

/// The game as text, over so many periods.
pub fn text(types: Types, horizon: usize) -> String {
    let text = PATROL.replace("horizon = 2", &format!("horizon = {horizon}"));
    match types {
        Types::Private => text,
        Types::Public => text.replace("observed = false", "observed = true"),
        Types::None => {
            let plain = text
                .replace("(leader_type == grim)", "0")
                .replace("(leader_type == kind)", "1")
                .replace(
                    "types = [\"kind\", \"grim\"]\ninitial = [0.7, 0.3]\nobserved = false\n",
                    "",
                );
            let (before, rest) = plain.split_once("[leader.transition]").unwrap();
            let (_, after) = rest.split_once("[simulate]").unwrap();
            format!("{before}[simulate]{after}")
        }
    }
}
