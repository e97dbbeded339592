//! A formula at one leader move, type and action: its slot in a game, its value, and what is to blame for a bad one.

use super::super::document::Origin;
use super::resolve::{Meaning, Names, Resolved};
use crate::game::program::{Op, Pool, Slot};
use std::ops::Range;

/// Where a formula is evaluated: leader type and action, type and action by index; what is not allowed is not read.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::scenario) struct Here {
    pub(in crate::scenario) leader_type: usize,
    /// The leader's action.
    pub(in crate::scenario) leader: usize,
    pub(in crate::scenario) x: usize,
    pub(in crate::scenario) a: usize,
}

/// Everything that the value of a formula depends on.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Moment<'a> {
    pub(in crate::scenario) here: Here,
    pub(in crate::scenario) t: usize,
    pub(in crate::scenario) z: &'a [f64],
    /// What `follower_reward` stands for.
    pub(in crate::scenario) follower_reward: f64,
}

impl Resolved {
    /// Put the leader's move, type and action in: the slot of the value, constants folded.
    pub(in crate::scenario) fn compile(
        &self,
        names: &Names,
        here: Here,
        pool: &mut Pool,
        reward: Slot,
    ) -> Slot {
        let mut slots: Vec<Slot> = Vec::with_capacity(self.nodes.len());
        for (meaning, _) in &self.nodes {
            let slot = match *meaning {
                Meaning::Time => Slot::TIME,
                Meaning::Law(x) => Slot::mean_field(x),
                Meaning::OwnLaw => Slot::mean_field(here.x),
                Meaning::FollowerReward => reward,
                Meaning::Apply(op, operands) => pool.apply(op, operands.map(|index| slots[index])),
                leaf => pool.constant(names.leaf(leaf, here)),
            };
            slots.push(slot);
        }
        slots.pop().expect("a formula that was read has a node")
    }

    /// The number of operations.
    pub(in crate::scenario) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The place of the formula as a whole.
    pub(in crate::scenario) fn origin(&self) -> &Origin {
        &self.place.whole
    }

    /// The text; empty for a number of the scenario.
    pub(in crate::scenario) fn text(&self) -> &str {
        &self.place.text
    }

    /// The value of every node, nothing folded.
    fn values(&self, names: &Names, moment: Moment<'_>) -> Vec<f64> {
        let mut values: Vec<f64> = Vec::with_capacity(self.nodes.len());
        for (meaning, _) in &self.nodes {
            let value = match *meaning {
                Meaning::Time => moment.t as f64,
                Meaning::Law(x) => moment.z[x],
                Meaning::OwnLaw => moment.z[moment.here.x],
                Meaning::FollowerReward => moment.follower_reward,
                // Exact where numbers are compared: what is asked is which of them is none.
                Meaning::Apply(op, [a, b, _]) if op.compares() => {
                    op.apply(values[a], values[b], 0.0)
                }
                Meaning::Apply(op, [a, b, c]) => op.apply(values[a], values[b], values[c]),
                leaf => names.leaf(leaf, moment.here),
            };
            values.push(value);
        }
        values
    }

    /// The value.
    pub(in crate::scenario) fn value(&self, names: &Names, moment: Moment<'_>) -> f64 {
        self.values(names, moment)
            .pop()
            .expect("a formula that was read has a node")
    }

    /// For a formula whose value is not finite: the place of the innermost part that is to blame, and its mend.
    pub(in crate::scenario) fn blame(&self, names: &Names, moment: Moment<'_>) -> (Origin, String) {
        let values = self.values(names, moment);
        let mut at = values.len() - 1;
        while let Meaning::Apply(op, operands) = self.nodes[at].0 {
            let taken = match (op, operands) {
                (Op::Select, [condition, yes, no]) => match values[condition] {
                    value if value.is_nan() => condition,
                    0.0 => no,
                    _ => yes,
                },
                _ => match operands[..op.arity()]
                    .iter()
                    .find(|index| !values[**index].is_finite())
                {
                    Some(index) => *index,
                    None => break,
                },
            };
            at = taken;
        }
        let (meaning, span) = &self.nodes[at];
        (self.place.origin(span), self.mend(*meaning))
    }

    fn mend(&self, meaning: Meaning) -> String {
        let Meaning::Apply(op, [a, b, _]) = meaning else {
            return "keep the value finite, with min, max or if".to_owned();
        };
        let [a, b] = [a, b].map(|index| self.part(&self.nodes[index].1));
        match op {
            Op::Ln => format!("write `ln(max({a}, 1e-6))`"),
            Op::Sqrt => format!("write `sqrt(max({a}, 0))`"),
            Op::Exp => format!("write `exp(min({a}, 700))`"),
            Op::Divide => format!("keep the divisor away from zero, as in `{a} / max({b}, 1e-6)`"),
            Op::Power => format!(
                "keep the base above zero, as in `max({a}, 1e-6) ^ {b}`, and the power small"
            ),
            _ => "keep the value finite, with min, max or if".to_owned(),
        }
    }

    fn part(&self, span: &Range<usize>) -> &str {
        self.place.text.get(span.clone()).unwrap_or("..")
    }
}
