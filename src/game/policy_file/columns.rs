//! Where the columns of a policy file stand, and the row that one record holds.

use super::super::{
    Game, LeaderAction, LeaderInformation, LeaderMixing, LeaderPrescription, PROBABILITY_TOLERANCE,
    Play, Prescription,
};
use super::{PolicyProblem, Row};

/// Where the columns stand.
pub(super) struct Columns {
    t: Option<usize>,
    /// One per type, or none.
    z: Vec<usize>,
    /// One per leader type, or none.
    belief: Vec<usize>,
    leader: LeaderColumns,
    /// Per (type, action), types by actions.
    gamma: Vec<Option<usize>>,
}

/// Where the leader's part of the play stands.
enum LeaderColumns {
    /// Nowhere: she has one action.
    Single,
    /// `leader_action`, or `leader_action_LTYPE` per type: (name, place).
    Actions(Vec<(String, usize)>),
    /// `leader_prob_ACTION`, or `leader_prob_LTYPE_ACTION` per type: (what the names begin with, places by action).
    Laws(Vec<(String, Vec<usize>)>),
}

/// The names in a header.
struct Header<'a>(&'a csv::StringRecord);

impl Header<'_> {
    /// The place of a column, if it is there.
    fn find(&self, column: &str) -> Result<Option<usize>, PolicyProblem> {
        let names = self.0.iter().enumerate();
        let mut places = names
            .filter(|(_, name)| *name == column)
            .map(|(place, _)| place);
        match (places.next(), places.next()) {
            (_, Some(_)) => Err(PolicyProblem::DoubledColumn {
                column: column.to_owned(),
            }),
            (place, None) => Ok(place),
        }
    }

    /// The places of these columns, all of them or none.
    fn all_or_none(&self, columns: &[String]) -> Result<Vec<usize>, PolicyProblem> {
        let found = columns.iter().map(|column| self.find(column));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let missing = columns
            .iter()
            .zip(&found)
            .find(|(_, place)| place.is_none());
        match missing {
            Some((column, _)) if found.iter().any(Option::is_some) => {
                Err(PolicyProblem::MissingColumn {
                    column: column.clone(),
                })
            }
            _ => Ok(found.into_iter().flatten().collect()),
        }
    }
}

impl Columns {
    pub(super) fn find(record: &csv::StringRecord, game: &Game) -> Result<Self, PolicyProblem> {
        let header = Header(record);
        let of_types = |names: &[String], before: &str| -> Vec<String> {
            names
                .iter()
                .map(|name| format!("{before}_{name}"))
                .collect()
        };
        let z = header.all_or_none(&of_types(game.follower_types(), "z"))?;
        let belief = match game.leader_information() {
            LeaderInformation::NoTypes => Vec::new(),
            LeaderInformation::Public | LeaderInformation::Private => {
                header.all_or_none(&of_types(game.leader_types(), "pi"))?
            }
        };
        let mut gamma = Vec::new();
        for (x, type_name) in game.follower_types().iter().enumerate() {
            for (a, action) in game.follower_actions().iter().enumerate() {
                let column = format!("gamma_{type_name}_{action}");
                match header.find(&column)? {
                    None if game.is_available(x, a) => {
                        return Err(PolicyProblem::MissingColumn { column });
                    }
                    place => gamma.push(place),
                }
            }
        }
        Ok(Self {
            leader: LeaderColumns::find(&header, game)?,
            t: header.find("t")?,
            z,
            belief,
            gamma,
        })
    }

    /// Whether there is a column of periods.
    pub(super) fn has_periods(&self) -> bool {
        self.t.is_some()
    }

    /// Whether nothing but t tells rows apart.
    pub(super) fn are_constant(&self) -> bool {
        self.z.is_empty() && self.belief.is_empty()
    }

    /// Whether the file gives laws of leader actions.
    pub(super) fn mixing(&self) -> LeaderMixing {
        match self.leader {
            LeaderColumns::Single | LeaderColumns::Actions(_) => LeaderMixing::Pure,
            LeaderColumns::Laws(_) => LeaderMixing::Mixed,
        }
    }

    /// The period (1 where the policy is constant in t) and the row of one record.
    pub(super) fn row(
        &self,
        record: &csv::StringRecord,
        game: &Game,
    ) -> Result<(usize, Row), PolicyProblem> {
        let t = self
            .t
            .map_or(Ok(1), |place| period(field(record, place), game.horizon()))?;
        let z = law(record, &self.z, "z", game.follower_types())?;
        let belief = law(record, &self.belief, "pi", game.leader_types())?;
        let leader = self.leader.read(record, game)?;
        let mut rows = Vec::with_capacity(self.gamma.len());
        let actions = game.follower_actions();
        for (x, name) in game.follower_types().iter().enumerate() {
            for (a, action) in actions.iter().enumerate() {
                let column = || format!("gamma_{name}_{action}");
                let place = self.gamma[x * actions.len() + a];
                let read = |place| probability(field(record, place), column);
                let p = place.map_or(Ok(0.0), read)?;
                if p > 0.0 && !game.is_available(x, a) {
                    return Err(PolicyProblem::Unavailable {
                        column: column(),
                        found: p,
                    });
                }
                rows.push(p);
            }
            sums_to_one(&rows[x * actions.len()..], || format!("gamma_{name}"))?;
        }
        let play = Play {
            leader,
            prescription: Prescription::new(actions.len(), rows),
        };
        Ok((t, Row { belief, z, play }))
    }
}

impl LeaderColumns {
    fn find(header: &Header<'_>, game: &Game) -> Result<Self, PolicyProblem> {
        let (types, actions) = (game.leader_types(), game.leader_actions());
        let typed = game.leader_information() != LeaderInformation::NoTypes;
        let by_type = |what: &str| -> Vec<String> {
            let types = types.iter().filter(|_| typed);
            types.map(|name| format!("{what}_{name}")).collect()
        };
        let mut found = Vec::new();
        for columns in [vec!["leader_action".to_owned()], by_type("leader_action")] {
            let places = header.all_or_none(&columns)?;
            if !places.is_empty() {
                found.push(Self::Actions(columns.into_iter().zip(places).collect()));
            }
        }
        for befores in [vec!["leader_prob".to_owned()], by_type("leader_prob")] {
            let of_one = |before: &String| -> Vec<String> {
                actions.iter().map(|a| format!("{before}_{a}")).collect()
            };
            let columns: Vec<String> = befores.iter().flat_map(of_one).collect();
            let places = header.all_or_none(&columns)?;
            if !places.is_empty() {
                let places = places.chunks(actions.len()).map(<[usize]>::to_vec);
                found.push(Self::Laws(befores.into_iter().zip(places).collect()));
            }
        }
        let first = |columns: &Self| match columns {
            Self::Single => String::new(),
            Self::Actions(columns) => columns[0].0.clone(),
            Self::Laws(laws) => format!("{}_{}", laws[0].0, actions[0]),
        };
        match &found[..] {
            [] if actions.len() > 1 => Err(PolicyProblem::NoLeader {
                actions: actions.len(),
            }),
            [one, other, ..] => Err(PolicyProblem::TwoLeaders {
                first: first(one),
                second: first(other),
            }),
            _ => Ok(found.pop().unwrap_or(Self::Single)),
        }
    }

    /// What she plays in one record: where there is one entry for all of her types, each of them.
    fn read(
        &self,
        record: &csv::StringRecord,
        game: &Game,
    ) -> Result<LeaderPrescription, PolicyProblem> {
        let (types, actions) = (game.leader_types().len(), game.leader_actions());
        Ok(match self {
            Self::Single => LeaderPrescription::pure(vec![LeaderAction(0); types]),
            Self::Actions(columns) => {
                let read = |(column, place): &(String, usize)| {
                    leader_action(column, field(record, *place), game)
                };
                let chosen = columns.iter().map(read).collect::<Result<Vec<_>, _>>()?;
                LeaderPrescription::pure(chosen.repeat(types / chosen.len()))
            }
            Self::Laws(laws) => {
                let mut rows = Vec::new();
                for (before, places) in laws {
                    rows.extend(law(record, places, before, actions)?);
                }
                LeaderPrescription::Mixed {
                    actions: actions.len(),
                    rows: rows.repeat(types / laws.len()),
                }
            }
        })
    }
}

fn field(record: &csv::StringRecord, place: usize) -> &str {
    record.get(place).unwrap_or("")
}

/// The law in the columns `BEFORE_NAME` at these places; empty where there are none.
fn law(
    record: &csv::StringRecord,
    places: &[usize],
    before: &str,
    names: &[String],
) -> Result<Vec<f64>, PolicyProblem> {
    let mut law = Vec::with_capacity(places.len());
    for (place, name) in places.iter().zip(names) {
        let column = || format!("{before}_{name}");
        law.push(probability(field(record, *place), column)?);
    }
    if !law.is_empty() {
        sums_to_one(&law, || before.to_owned())?;
    }
    Ok(law)
}

fn period(text: &str, horizon: usize) -> Result<usize, PolicyProblem> {
    let found = text.parse().ok().filter(|t| (1..=horizon).contains(t));
    found.ok_or_else(|| PolicyProblem::Period {
        found: shorten(text),
        horizon,
    })
}

fn probability(text: &str, column: impl Fn() -> String) -> Result<f64, PolicyProblem> {
    let found = text.parse().ok().filter(|p| (0.0..=1.0).contains(p));
    found.ok_or_else(|| PolicyProblem::Probability {
        column: column(),
        found: shorten(text),
    })
}

fn sums_to_one(law: &[f64], columns: impl Fn() -> String) -> Result<(), PolicyProblem> {
    let sum: f64 = law.iter().sum();
    if (sum - 1.0).abs() <= PROBABILITY_TOLERANCE {
        Ok(())
    } else {
        Err(PolicyProblem::Sum {
            columns: columns(),
            sum,
        })
    }
}

/// The action written as `text`: by its own text, else by its value (0.30 for 0.3).
fn leader_action(column: &str, text: &str, game: &Game) -> Result<LeaderAction, PolicyProblem> {
    let known = game.leader_actions();
    let by_value = || {
        let value = text.parse::<f64>().ok()?;
        known
            .iter()
            .position(|action| action.parse::<f64>().is_ok_and(|known| known == value))
    };
    let found = known
        .iter()
        .position(|action| action == text)
        .or_else(by_value);
    found
        .map(LeaderAction)
        .ok_or_else(|| PolicyProblem::LeaderAction {
            column: column.to_owned(),
            found: shorten(text),
            known: abbreviated(known),
        })
}

/// The start of a field that may be long.
fn shorten(text: &str) -> String {
    const KEPT: usize = 60;
    match text.char_indices().nth(KEPT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// At most eight names, for a message.
fn abbreviated(names: &[String]) -> String {
    match names {
        [first, .., last] if names.len() > 8 => {
            format!("{first} .. {last} ({} actions)", names.len())
        }
        _ => names.join(", "),
    }
}
