//! What the names of a formula mean, and its value at one leader move, type and action.

use super::super::error::{Fault, Problem};
use super::spelling::Spelling;
use super::{Formula, Here, Node, TextPlace};
use crate::game::program::Op;
use std::ops::Range;

/// The leader's actions, or her types: what formulas call the one she takes or is, and all of them by name and by number.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) struct LeaderNames {
    pub(in crate::scenario) variable: String,
    /// Empty where they are numbers.
    pub(in crate::scenario) names: Vec<String>,
    pub(in crate::scenario) values: Vec<f64>,
}

impl LeaderNames {
    /// As tables print them: the name, or the shortest number with a decimal point or an exponent.
    pub(in crate::scenario) fn printed(&self) -> Vec<String> {
        if self.names.is_empty() {
            return self
                .values
                .iter()
                .map(|value| format!("{value:?}"))
                .collect();
        }
        self.names.clone()
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Its names and its variable.
    fn words(&self) -> impl Iterator<Item = &String> {
        self.names.iter().chain([&self.variable])
    }
}

/// Every name that a scenario declares.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::scenario) struct Names {
    pub(in crate::scenario) horizon: f64,
    pub(in crate::scenario) parameters: Vec<(String, f64)>,
    pub(in crate::scenario) types: Vec<(String, f64)>,
    pub(in crate::scenario) actions: Vec<(String, f64)>,
    pub(in crate::scenario) leader: Option<LeaderNames>,
    /// `None` for a leader without types.
    pub(in crate::scenario) leader_types: Option<LeaderNames>,
}

/// What a formula is for, which decides what it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Use {
    Transition,
    FollowerReward,
    Terminal,
    LeaderPeriod,
    LeaderPerFollower,
    LeaderTransition,
    /// A number of the leader's action set: parameters only.
    LeaderAction,
    /// A number of the leader's type set: parameters only.
    LeaderType,
}

impl Use {
    fn describe(self) -> &'static str {
        match self {
            Use::Transition => "a transition",
            Use::FollowerReward => "the follower reward",
            Use::Terminal => "the terminal reward, a formula in x and z",
            Use::LeaderPeriod => {
                "the leader's reward per period, which belongs to no single follower"
            }
            Use::LeaderPerFollower => "the leader's reward per follower",
            Use::LeaderTransition => "the leader's transition, which belongs to no single follower",
            Use::LeaderAction => "a leader action, a formula in the parameters",
            Use::LeaderType => "a leader type, a formula in the parameters",
        }
    }

    fn allows(self, meaning: &Meaning) -> bool {
        use Meaning::*;
        match meaning {
            Number(_) | Apply(..) => true,
            FollowerReward => self == Use::LeaderPerFollower,
            Law(_) => !self.is_number(),
            OwnLaw | Type | TypeIndex => !self.is_number() && self.has_follower(),
            Time | Leader | LeaderIndex | LeaderType | LeaderTypeIndex => {
                !self.is_number() && self != Use::Terminal
            }
            Action | ActionIndex => {
                !self.is_number() && self.has_follower() && self != Use::Terminal
            }
        }
    }

    /// Whether it is an element of a set, of parameters only.
    fn is_number(self) -> bool {
        matches!(self, Use::LeaderAction | Use::LeaderType)
    }

    /// Whether it is about one follower.
    fn has_follower(self) -> bool {
        !matches!(self, Use::LeaderPeriod | Use::LeaderTransition)
    }
}

/// A node whose names are looked up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::scenario) enum Meaning {
    Number(f64),
    Time,
    /// z of a given type.
    Law(usize),
    /// `z[x]`.
    OwnLaw,
    /// `x`, `a`, the leader's action and her type as numbers.
    Type,
    Action,
    Leader,
    LeaderType,
    /// The same by index, where they are compared with a name.
    TypeIndex,
    ActionIndex,
    LeaderIndex,
    LeaderTypeIndex,
    FollowerReward,
    Apply(Op, [usize; 3]),
}

/// A formula whose names are looked up.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) struct Resolved {
    pub(super) nodes: Vec<(Meaning, Range<usize>)>,
    pub(super) place: TextPlace,
}

/// The variables that a bare name can be compared with.
#[derive(Clone, Copy, PartialEq)]
enum Compared {
    Type,
    Action,
    Leader,
    LeaderType,
}

impl Compared {
    fn index(self) -> Meaning {
        match self {
            Compared::Type => Meaning::TypeIndex,
            Compared::Action => Meaning::ActionIndex,
            Compared::Leader => Meaning::LeaderIndex,
            Compared::LeaderType => Meaning::LeaderTypeIndex,
        }
    }
}

impl Names {
    /// Everything that can stand for a value.
    pub(in crate::scenario) fn spelling(&self) -> Spelling {
        // Also where they are called otherwise.
        let leader = ["leader_action", "leader_type"].map(str::to_owned);
        let words = self.known().into_iter().chain(leader);
        Spelling::new(words.filter(|word| word != "z"))
    }

    /// |A^l|; one without a leader.
    pub(in crate::scenario) fn leader_actions(&self) -> usize {
        self.leader.as_ref().map_or(1, |set| set.values.len())
    }

    /// |X^l|; one without leader types.
    pub(in crate::scenario) fn leader_type_count(&self) -> usize {
        self.leader_types.as_ref().map_or(1, |set| set.values.len())
    }

    /// The names of the leader's actions and types, and what formulas call them.
    fn leader_words(&self) -> impl Iterator<Item = &String> {
        let sets = [&self.leader, &self.leader_types].into_iter().flatten();
        sets.flat_map(LeaderNames::words)
    }

    fn leader_action(&self, name: &str) -> Option<usize> {
        self.leader.as_ref().and_then(|set| set.index(name))
    }

    fn leader_type(&self, name: &str) -> Option<usize> {
        self.leader_types.as_ref().and_then(|set| set.index(name))
    }

    fn variable(&self, node: &Node) -> Option<Compared> {
        let Node::Name(name) = node else { return None };
        match name.as_str() {
            "x" => Some(Compared::Type),
            "a" => Some(Compared::Action),
            _ if self.is_leader_action(name) => Some(Compared::Leader),
            _ if self.is_leader_type(name) => Some(Compared::LeaderType),
            _ => None,
        }
    }

    /// Whether formulas call the leader's action so.
    fn is_leader_action(&self, name: &str) -> bool {
        let set = self.leader.as_ref();
        set.is_some_and(|set| set.variable == name || name == "leader_action")
    }

    /// Whether formulas call the leader's type so.
    fn is_leader_type(&self, name: &str) -> bool {
        let set = self.leader_types.as_ref();
        set.is_some_and(|set| set.variable == name || name == "leader_type")
    }

    /// The index of a name among the values of a variable.
    fn member(&self, variable: Compared, node: &Node) -> Option<usize> {
        let Node::Name(name) = node else { return None };
        match variable {
            Compared::Type => position(&self.types, name),
            Compared::Action => position(&self.actions, name),
            Compared::Leader => self.leader_action(name),
            Compared::LeaderType => self.leader_type(name),
        }
    }

    /// Refuse `x == repair`: a name that is only another variable's, which as a number would compare unlike things.
    fn foreign(&self, variable: &Node, node: &Node) -> Result<(), Problem> {
        let (Node::Name(variable), Node::Name(name)) = (variable, node) else {
            return Ok(());
        };
        let sets = [
            ("a type", "x", position(&self.types, name)),
            ("an action", "a", position(&self.actions, name)),
            ("a leader action", "leader_action", self.leader_action(name)),
            ("a leader type", "leader_type", self.leader_type(name)),
        ];
        let found = sets.into_iter().find(|(_, _, index)| index.is_some());
        match found {
            Some((what, instead, _)) if position(&self.parameters, name).is_none() => {
                Err(Problem::UnlikeNames {
                    name: name.clone(),
                    what,
                    variable: variable.clone(),
                    instead,
                })
            }
            _ => Ok(()),
        }
    }

    fn value(&self, variable: Compared, index: usize) -> f64 {
        let of_leader =
            |set: &Option<LeaderNames>| set.as_ref().map_or(0.0, |set| set.values[index]);
        match variable {
            Compared::Type => self.types[index].1,
            Compared::Action => self.actions[index].1,
            Compared::Leader => of_leader(&self.leader),
            Compared::LeaderType => of_leader(&self.leader_types),
        }
    }

    /// The number of a leaf that depends on neither t nor z.
    pub(super) fn leaf(&self, leaf: Meaning, here: Here) -> f64 {
        match leaf {
            Meaning::Number(number) => number,
            Meaning::Type => self.types[here.x].1,
            Meaning::Action => self.actions[here.a].1,
            Meaning::Leader => self.value(Compared::Leader, here.leader),
            Meaning::LeaderType => self.value(Compared::LeaderType, here.leader_type),
            Meaning::TypeIndex => here.x as f64,
            Meaning::ActionIndex => here.a as f64,
            Meaning::LeaderIndex => here.leader as f64,
            Meaning::LeaderTypeIndex => here.leader_type as f64,
            Meaning::Time
            | Meaning::Law(_)
            | Meaning::OwnLaw
            | Meaning::FollowerReward
            | Meaning::Apply(..) => f64::NAN,
        }
    }

    fn law(&self, name: &str) -> Result<Meaning, Problem> {
        if name == "x" {
            return Ok(Meaning::OwnLaw);
        }
        let unknown = || Problem::UnknownName {
            name: name.to_owned(),
            known: words(&self.types),
        };
        position(&self.types, name)
            .map(Meaning::Law)
            .ok_or_else(unknown)
    }

    /// Everything that a bare name can be, for suggestions.
    fn known(&self) -> Vec<String> {
        let leader = self.leader_words().cloned();
        let declared = [&self.parameters, &self.types, &self.actions]
            .into_iter()
            .flatten();
        let fixed = ["x", "a", "z", "t", "horizon", "follower_reward"]
            .into_iter()
            .map(str::to_owned);
        declared
            .map(|(name, _)| name.clone())
            .chain(leader)
            .chain(fixed)
            .collect()
    }

    fn bare(&self, name: &str) -> Result<Meaning, Problem> {
        let fixed = match name {
            "x" => Some(Meaning::Type),
            "a" => Some(Meaning::Action),
            "t" => Some(Meaning::Time),
            "horizon" => Some(Meaning::Number(self.horizon)),
            "follower_reward" => Some(Meaning::FollowerReward),
            _ if self.is_leader_action(name) => Some(Meaning::Leader),
            _ if self.is_leader_type(name) => Some(Meaning::LeaderType),
            "leader_type" => {
                let what = name.to_owned();
                return Err(Problem::NoLeaderTypes { what });
            }
            _ => None,
        };
        if let Some(meaning) = fixed {
            return Ok(meaning);
        }
        let value = |list: &[(String, f64)]| position(list, name).map(|index| list[index].1);
        let leader =
            |index: Option<usize>, variable| index.map(|index| self.value(variable, index));
        let mut meanings = Vec::new();
        let mut values = Vec::new();
        for (meaning, value) in [
            ("a parameter", value(&self.parameters)),
            ("a type", value(&self.types)),
            ("an action", value(&self.actions)),
            (
                "a leader action",
                leader(self.leader_action(name), Compared::Leader),
            ),
            (
                "a leader type",
                leader(self.leader_type(name), Compared::LeaderType),
            ),
        ] {
            meanings.extend(value.map(|_| meaning));
            values.extend(value);
        }
        match values[..] {
            [] => Err(Problem::UnknownName {
                name: name.to_owned(),
                known: self.known(),
            }),
            [value] => Ok(Meaning::Number(value)),
            _ => Err(Problem::AmbiguousName {
                name: name.to_owned(),
                meanings,
            }),
        }
    }
}

/// The names of a set.
pub(in crate::scenario) fn words(set: &[(String, f64)]) -> Vec<String> {
    set.iter().map(|(name, _)| name.clone()).collect()
}

fn position(list: &[(String, f64)], name: &str) -> Option<usize> {
    list.iter().position(|(known, _)| known == name)
}

impl Formula {
    /// Look up every name, for a formula of a given use.
    pub(in crate::scenario) fn resolve(self, names: &Names, used: Use) -> Result<Resolved, Fault> {
        let compared = self.compared(names)?;
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for ((node, span), compared) in self.nodes.iter().zip(compared) {
            let fault = |problem| Fault::new(self.place.origin(span), problem);
            let (meaning, name) = match (node, compared) {
                (Node::Number(number), _) => (Meaning::Number(*number), String::new()),
                (Node::Apply(op, operands), _) => (Meaning::Apply(*op, *operands), String::new()),
                (Node::Name(name), Some(meaning)) => (meaning, name.clone()),
                (Node::Name(name), None) => (names.bare(name).map_err(fault)?, name.clone()),
                (Node::Law(name), _) => (names.law(name).map_err(fault)?, format!("z[{name}]")),
            };
            if !used.allows(&meaning) {
                return Err(fault(Problem::NotHere {
                    name,
                    formula: used.describe(),
                }));
            }
            nodes.push((meaning, span.clone()));
        }
        Ok(Resolved {
            nodes,
            place: self.place,
        })
    }

    /// The meaning of the leaves `x` and `infected` of comparisons such as `x == infected`: the name is one of the
    /// variable's. `==` and `!=` compare which it is, the others its number.
    fn compared(&self, names: &Names) -> Result<Vec<Option<Meaning>>, Fault> {
        let mut meanings = vec![None; self.nodes.len()];
        for (node, _) in &self.nodes {
            let Node::Apply(
                op @ (Op::Equal | Op::NotEqual | Op::Less | Op::LessEqual),
                [left, right, _],
            ) = node
            else {
                continue;
            };
            for (variable, other) in [(*left, *right), (*right, *left)] {
                let Some(compared) = names.variable(&self.nodes[variable].0) else {
                    continue;
                };
                let Some(index) = names.member(compared, &self.nodes[other].0) else {
                    let (node, span) = &self.nodes[other];
                    let foreign = names.foreign(&self.nodes[variable].0, node);
                    foreign.map_err(|problem| Fault::new(self.place.origin(span), problem))?;
                    continue;
                };
                if matches!(op, Op::Equal | Op::NotEqual) {
                    meanings[variable] = Some(compared.index());
                    meanings[other] = Some(Meaning::Number(index as f64));
                } else {
                    meanings[other] = Some(Meaning::Number(names.value(compared, index)));
                }
            }
        }
        Ok(meanings)
    }
}
