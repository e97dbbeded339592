//! The headers of all tables, in the order of their columns.
//!
//! `TYPE` and `ACTION` in a column's name are names of follower types and actions, in scenario order; actions run faster
//! than types in `gamma_TYPE_ACTION`.

use super::leader;
use crate::game::{Game, LeaderInformation, LeaderMixing};
use crate::simulate::{RETURN_BINS, RETURN_QUANTILES};

/// policy.csv: one row per period and lattice point.
pub fn policy(game: &Game, mixing: LeaderMixing) -> Vec<String> {
    Columns::of(game)
        .fixed(&["t"])
        .types("z_", "")
        .named(leader::belief_names(game))
        .named(leader::play_names(game, mixing))
        .gamma()
        .types("v_follower_", "")
        .named(leader::value_names(game))
        .fixed(&["equilibria", "residual"])
        .names
}

/// mean_field.csv: one row per node of the flow; the last period, T + 1, has z alone. Where the leader has private types
/// or may mix, `leader_prob_ACTION` stands for `leader_action`: sum over x of pi(x) gamma^l(a|x).
pub fn mean_field(game: &Game, mixing: LeaderMixing) -> Vec<String> {
    Columns::of(game)
        .fixed(&["node", "parent", "weight", "t"])
        .types("z_", "")
        .named(leader::belief_names(game))
        .named(leader::average_names(game, mixing))
        .gamma()
        .actions("share_", "")
        .fixed(&["follower_reward", "leader_reward"])
        .names
}

/// trace.csv: one row per population, replication and period; the last period, T + 1, has z alone.
pub fn trace(game: &Game) -> Vec<String> {
    let leader: &[&str] = match game.leader_information() {
        LeaderInformation::NoTypes => &["leader_action"],
        LeaderInformation::Public | LeaderInformation::Private => &["leader_type", "leader_action"],
    };
    Columns::of(game)
        .fixed(&["population", "replication", "t"])
        .types("z_", "")
        .named(leader::belief_names(game))
        .fixed(leader)
        .actions("share_", "")
        .fixed(&["follower_reward", "leader_reward"])
        .names
}

/// summary.csv: one row per population and period.
pub fn summary(game: &Game) -> Vec<String> {
    let mut columns = Columns::of(game).fixed(&["population", "t"]);
    for name in game.follower_types() {
        for statistic in ["mean", "sd", "q05", "q95"] {
            columns.names.push(format!("z_{name}_{statistic}"));
        }
    }
    let columns = columns.actions("share_", "_mean");
    columns.fixed(&["distance_mean", "distance_sd"]).names
}

/// returns.csv: one row per population and replication.
pub fn returns(game: &Game) -> Vec<String> {
    let names = [
        "population",
        "replication",
        "follower_return",
        "leader_return",
    ];
    Columns::of(game).fixed(&names).names
}

/// returns.csv with the followers' returns by initial type as well.
pub fn returns_by_type(game: &Game) -> Vec<String> {
    let columns = Columns {
        game,
        names: returns(game),
    };
    columns.types("follower_return_", "").names
}

/// agent_returns.csv: one row per population, replication and initial type. low and high are the least and the largest
/// return, bin_1 to bin_20 the numbers of followers in bins of equal width between them.
pub fn agent_returns() -> Vec<String> {
    let names = [
        "population",
        "replication",
        "type",
        "followers",
        "mean",
        "sd",
        "low",
        "high",
    ];
    let quantiles = RETURN_QUANTILES.map(|p| format!("q{:02}", (100.0 * p).round()));
    let bins = (1..=RETURN_BINS).map(|bin| format!("bin_{bin}"));
    names
        .into_iter()
        .map(str::to_owned)
        .chain(quantiles)
        .chain(bins)
        .collect()
}

/// deviations.csv: one row per population, player, start and deviation.
pub fn deviations() -> Vec<String> {
    let names = [
        "population",
        "player",
        "start",
        "deviation",
        "method",
        "gain",
        "std_error",
        "low",
        "high",
        "replications",
        "value",
        "value_deviation",
        "verdict",
        "mean_weight",
        "effective_replications",
    ];
    names.map(str::to_owned).to_vec()
}

/// convergence.csv: one row per population and quantity, then the fits.
pub fn convergence() -> Vec<String> {
    let names = [
        "population",
        "quantity",
        "method",
        "estimate",
        "low",
        "high",
    ];
    names.map(str::to_owned).to_vec()
}

/// best_response.csv: one row per population, period and state at which the best deviator departs.
pub fn best_response(game: &Game) -> Vec<String> {
    Columns::of(game)
        .fixed(&["population", "t", "type"])
        .types("z_", "")
        .named(leader::belief_names(game))
        .fixed(&["action", "gain"])
        .names
}

/// What `smfg stage` prints: one row per prescription of the leader and equilibrium.
pub fn stage(game: &Game, mixing: LeaderMixing) -> Vec<String> {
    Columns::of(game)
        .named(leader::play_names(game, mixing))
        .fixed(&["equilibrium"])
        .types("z_next_", "")
        .gamma()
        .types("v_follower_", "")
        .named(leader::value_names(game))
        .fixed(&[
            "residual",
            "selected",
            "kind",
            "coin",
            "continuum",
            "supremum",
        ])
        .names
}

/// A header in the making.
struct Columns<'g> {
    game: &'g Game,
    names: Vec<String>,
}

impl<'g> Columns<'g> {
    fn of(game: &'g Game) -> Self {
        Self {
            game,
            names: Vec::new(),
        }
    }

    fn fixed(mut self, names: &[&str]) -> Self {
        self.names
            .extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    fn named(mut self, mut names: Vec<String>) -> Self {
        self.names.append(&mut names);
        self
    }

    fn types(mut self, before: &str, after: &str) -> Self {
        let types = self.game.follower_types().iter();
        self.names
            .extend(types.map(|name| format!("{before}{name}{after}")));
        self
    }

    fn actions(mut self, before: &str, after: &str) -> Self {
        let actions = self.game.follower_actions().iter();
        self.names
            .extend(actions.map(|name| format!("{before}{name}{after}")));
        self
    }

    fn gamma(mut self) -> Self {
        for type_name in self.game.follower_types() {
            self = self.actions(&format!("gamma_{type_name}_"), "");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    const SCENARIO: &str = r#"
name = "g"
horizon = 1
discount = 1
[follower]
types = ["low", "high"]
actions = ["stay", "go"]
initial = [0.5, 0.5]
reward = "0"
[follower.transition]
"*, *" = { low = 1 }
"#;

    #[test]
    fn headers_are_those_of_the_contract() {
        let scenario = Scenario::parse("g.toml", SCENARIO, &[]).unwrap();
        let game = scenario.game();
        let gamma = "gamma_low_stay,gamma_low_go,gamma_high_stay,gamma_high_go";
        let headers = [
            (
                policy(game, LeaderMixing::Pure),
                format!("t,z_low,z_high,leader_action,{gamma},v_follower_low,v_follower_high,v_leader,equilibria,residual"),
            ),
            (
                mean_field(game, LeaderMixing::Pure),
                format!("node,parent,weight,t,z_low,z_high,leader_action,{gamma},share_stay,share_go,follower_reward,leader_reward"),
            ),
            (
                trace(game),
                "population,replication,t,z_low,z_high,leader_action,share_stay,share_go,follower_reward,leader_reward".into(),
            ),
            (
                summary(game),
                "population,t,z_low_mean,z_low_sd,z_low_q05,z_low_q95,z_high_mean,z_high_sd,z_high_q05,z_high_q95,\
                 share_stay_mean,share_go_mean,distance_mean,distance_sd".into(),
            ),
            (returns(game), "population,replication,follower_return,leader_return".into()),
            (
                returns_by_type(game),
                "population,replication,follower_return,leader_return,follower_return_low,follower_return_high".into(),
            ),
            (
                deviations(),
                "population,player,start,deviation,method,gain,std_error,low,high,replications,value,value_deviation,verdict,mean_weight,effective_replications".into(),
            ),
            (convergence(), "population,quantity,method,estimate,low,high".into()),
            (best_response(game), "population,t,type,z_low,z_high,action,gain".into()),
            (
                stage(game, LeaderMixing::Pure),
                format!("leader_action,equilibrium,z_next_low,z_next_high,{gamma},v_follower_low,v_follower_high,v_leader,residual,selected,kind,coin,continuum,supremum"),
            ),
        ];
        for (header, expected) in headers {
            assert_eq!(header.join(","), expected);
        }
    }

    /// The headers of policy.csv, mean_field.csv, trace.csv and `smfg stage` without what stands in all games.
    fn leader_columns(leader: &str, mixing: LeaderMixing) -> [String; 4] {
        let text = format!(
            "{SCENARIO}\n[leader]\nactions = [\"audit\", \"trust\"]\nreward = {{ period = 0 }}\n{leader}"
        );
        let scenario = Scenario::parse("g.toml", &text, &[]).unwrap();
        let game = scenario.game();
        let of_all = [
            "gamma_",
            "z_",
            "share_",
            "v_follower",
            "node",
            "parent",
            "weight",
            "t",
            "population",
            "replication",
            "follower_reward",
            "leader_reward",
            "equilibri",
            "residual",
            "selected",
            "kind",
            "coin",
            "continuum",
            "supremum",
        ];
        let tables = [
            policy(game, mixing),
            mean_field(game, mixing),
            trace(game),
            stage(game, mixing),
        ];
        tables.map(|header| {
            let own = header
                .into_iter()
                .filter(|name| !of_all.iter().any(|start| name.starts_with(start)));
            own.collect::<Vec<_>>().join(",")
        })
    }

    #[test]
    fn leaders_with_types_or_laws_of_actions_have_columns_of_their_own() {
        let types = "types = [\"weak\", \"firm\"]\ninitial = [0.5, 0.5]\n";
        let public = format!("{types}observed = true\n");
        let pi = "pi_weak,pi_firm";
        let probabilities = "leader_prob_audit,leader_prob_trust";
        let values = "v_leader_weak,v_leader_firm";
        let traced = format!("{pi},leader_type,leader_action");
        let by_type = "leader_prob_weak_audit,leader_prob_weak_trust,leader_prob_firm_audit,leader_prob_firm_trust";
        let (pure, mixed) = (LeaderMixing::Pure, LeaderMixing::Mixed);
        assert_eq!(
            leader_columns("", mixed),
            [
                format!("{probabilities},v_leader"),
                probabilities.to_owned(),
                "leader_action".to_owned(),
                format!("{probabilities},v_leader"),
            ]
        );
        assert_eq!(
            leader_columns(types, pure),
            [
                format!("{pi},leader_action_weak,leader_action_firm,{values}"),
                format!("{pi},{probabilities}"),
                traced.clone(),
                format!("leader_action_weak,leader_action_firm,{values}"),
            ]
        );
        assert_eq!(
            leader_columns(types, mixed),
            [
                format!("{pi},{by_type},{values}"),
                format!("{pi},{probabilities}"),
                traced.clone(),
                format!("{by_type},{values}"),
            ]
        );
        assert_eq!(
            leader_columns(&public, pure),
            [
                format!("{pi},leader_action,v_leader"),
                format!("{pi},leader_action"),
                traced,
                "leader_action,v_leader".to_owned(),
            ]
        );
    }
}
