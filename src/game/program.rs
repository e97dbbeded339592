//! Formulas as one straight line of instructions: every distinct expression of the game is computed once.
//!
//! A [`Pool`] interns expressions while a game is built and folds those of constants only, so that no float is ever
//! reordered. A [`Program`] is the part of a pool that some output needs. Its memory is
//! `[t, z_1 .. z_n, numbers of models .., constants .., results ..]`, and a [`Slot`] is a place in it. What code gives
//! ([`Model`](super::model::Model)) is an input like t and z.
//!
//! Truth is "not zero". Formulas cannot fail and have no effects, so that evaluating both branches of `if` gives what
//! lazy evaluation gives: the branch that is not taken leaves no trace. NaN is never swallowed: a comparison, a
//! connective, `min` and `max` of NaN are NaN, and end in an error where the value is used.
//!
//! A mean field is computed: 1 - .9, or .5 (.2) + .5 (.4), miss .1 and .3 in the last place. What depends on z is therefore
//! *equal* to what it is compared with where they differ by no more than [`EQUAL`] in z makes of it, and rounding: there `<`
//! is false, `<=` and `==` are true. Comparisons of numbers that do not depend on z are exact.

mod slope;

use super::model::Models;
use slope::Slope;
use std::collections::BTreeMap;

/// Mean fields closer than this are one in a comparison: a few units in the last place of 1, and far less than 1/N of any
/// population.
const EQUAL: f64 = 1e-15;
/// The same of the rounding of what is compared, relative to its size.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Instructions in the time in which code gives one number, about.
const CALL: usize = 10;

/// A place in a program's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(u32);

impl Slot {
    /// The place of the period t.
    pub(crate) const TIME: Slot = Slot(0);

    /// The place of z(x).
    pub(crate) fn mean_field(x: usize) -> Slot {
        Slot::at(1 + x)
    }

    fn at(index: usize) -> Slot {
        Slot(
            u32::try_from(index)
                .expect("the sizes of a scenario are limited far below 2^32 expressions"),
        )
    }

    /// The place of number k of a game's models, in a game of so many types.
    pub(crate) fn of_model(types: usize, k: usize) -> Slot {
        Slot::at(1 + types + k)
    }

    /// The index into a program's memory.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// An operation on one, two or three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Op {
    Negate,
    Not,
    Abs,
    Exp,
    Ln,
    Sqrt,
    /// Into \[0, 1\]; written by the game around probabilities, never by a formula.
    Clamp,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Min,
    Max,
    Less,
    LessEqual,
    Equal,
    NotEqual,
    And,
    Or,
    /// `if(c, a, b)`.
    Select,
}

impl Op {
    /// The value at operands `a`, `b`, `c`; operations of fewer operands ignore the rest, but for comparisons: `c` is by how
    /// much what is equal may differ, 0 where it may not.
    #[inline]
    pub(crate) fn apply(self, a: f64, b: f64, c: f64) -> f64 {
        match self {
            Op::Negate => -a,
            Op::Not => choose(a, 0.0, 1.0),
            Op::Abs => a.abs(),
            Op::Exp => libm::exp(a),
            Op::Ln => libm::log(a),
            Op::Sqrt => a.sqrt(),
            Op::Clamp => a.clamp(0.0, 1.0),
            Op::Add => a + b,
            Op::Subtract => a - b,
            Op::Multiply => a * b,
            Op::Divide => a / b,
            Op::Power => libm::pow(a, b),
            Op::Min => either_nan(a, b, if a <= b { a } else { b }),
            Op::Max => either_nan(a, b, if a >= b { a } else { b }),
            Op::Less => either_nan(a, b, truth(a < b && !is_near(a, b, c))),
            Op::LessEqual => either_nan(a, b, truth(a <= b || is_near(a, b, c))),
            Op::Equal => either_nan(a, b, truth(a == b || is_near(a, b, c))),
            Op::NotEqual => either_nan(a, b, truth(a != b && !is_near(a, b, c))),
            Op::And => choose(a, choose(b, 1.0, 0.0), 0.0),
            Op::Or => choose(a, 1.0, choose(b, 1.0, 0.0)),
            Op::Select => choose(a, b, c),
        }
    }

    /// Whether it compares two numbers.
    pub(crate) fn compares(self) -> bool {
        matches!(self, Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual)
    }

    /// The number of operands.
    pub(crate) fn arity(self) -> usize {
        match self {
            Op::Negate | Op::Not | Op::Abs | Op::Exp | Op::Ln | Op::Sqrt | Op::Clamp => 1,
            Op::Select => 3,
            _ => 2,
        }
    }
}

/// Whether numbers that are compared with this tolerance are equal.
#[inline]
fn is_near(a: f64, b: f64, tolerance: f64) -> bool {
    tolerance > 0.0 && (a - b).abs() <= slack(tolerance, a, b).min(f64::MAX)
}

/// By how much numbers of this size that are compared may differ and be equal.
#[inline]
pub(super) fn slack(tolerance: f64, a: f64, b: f64) -> f64 {
    match tolerance > 0.0 {
        true => tolerance + ROUNDING * a.abs().max(b.abs()),
        false => 0.0,
    }
}

#[inline]
fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// `value`, unless an operand is NaN.
#[inline]
fn either_nan(a: f64, b: f64, value: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        value
    }
}

#[inline]
fn choose(condition: f64, yes: f64, no: f64) -> f64 {
    if condition.is_nan() {
        f64::NAN
    } else if condition != 0.0 {
        yes
    } else {
        no
    }
}

/// What stands in a slot while the pool grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Input,
    /// The bits of the constant, so that -0 and 0 stay apart.
    Constant(u64),
    Apply(Op, [Slot; 3]),
}

/// Distinct expressions, each after its operands.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    /// How many cells are inputs; the first ones.
    inputs: usize,
    cells: Vec<Cell>,
    /// How fast each cell changes with z.
    slopes: Vec<Slope>,
    known: BTreeMap<Cell, Slot>,
}

impl Pool {
    /// A pool that holds t and the `types` entries of z.
    pub(crate) fn new(types: usize) -> Self {
        Self::with_models(types, 0)
    }

    /// A pool that holds t, z, and so many numbers that models give.
    pub(crate) fn with_models(types: usize, numbers: usize) -> Self {
        let mut slopes = vec![Slope::MEAN_FIELD; 1 + types];
        slopes[Slot::TIME.index()] = Slope::NONE;
        slopes.resize(1 + types + numbers, Slope::Curved);
        Self {
            inputs: slopes.len(),
            cells: vec![Cell::Input; slopes.len()],
            slopes,
            known: BTreeMap::new(),
        }
    }

    /// The slot of a number.
    pub(crate) fn constant(&mut self, value: f64) -> Slot {
        self.intern(Cell::Constant(value.to_bits()), Slope::NONE)
    }

    /// The slot of an operation; operands beyond its arity are ignored.
    pub(crate) fn apply(&mut self, op: Op, operands: [Slot; 3]) -> Slot {
        let mut used = [Slot::TIME; 3];
        used[..op.arity()].copy_from_slice(&operands[..op.arity()]);
        let values = used.map(|slot| self.value(slot));
        match (op, values[0]) {
            // A known condition decides, whatever the branches are.
            (Op::Select, Some(c)) if c.is_nan() => return self.constant(f64::NAN),
            (Op::Select, Some(c)) => return if c != 0.0 { used[1] } else { used[2] },
            (Op::And, Some(0.0)) => return self.constant(0.0),
            (Op::Or, Some(c)) if c != 0.0 => return self.constant(op.apply(c, 0.0, 0.0)),
            _ => {}
        }
        let known = |k: usize| if k < op.arity() { values[k] } else { Some(0.0) };
        if let (Some(a), Some(b), Some(c)) = (known(0), known(1), known(2)) {
            return self.constant(op.apply(a, b, c));
        }
        let slopes = used.map(|slot| self.slopes[slot.index()]);
        if op.compares() {
            used[2] = self.constant(slopes[0].apart(slopes[1]).tolerance(EQUAL));
        }
        let slope = Slope::of(op, slopes, values);
        self.intern(Cell::Apply(op, used), slope)
    }

    /// The value of a slot that depends on neither t nor z.
    pub(crate) fn value(&self, slot: Slot) -> Option<f64> {
        match self.cells[slot.index()] {
            Cell::Constant(bits) => Some(f64::from_bits(bits)),
            Cell::Input | Cell::Apply(..) => None,
        }
    }

    fn intern(&mut self, cell: Cell, slope: Slope) -> Slot {
        let next = Slot::at(self.cells.len());
        let slot = *self.known.entry(cell).or_insert(next);
        if slot == next {
            self.cells.push(cell);
            self.slopes.push(slope);
        }
        slot
    }

    /// The program that computes `outputs`, whose slots are renumbered to its memory.
    pub(crate) fn program<'a>(
        &self,
        types: usize,
        outputs: impl Iterator<Item = &'a mut Slot>,
    ) -> Program {
        let outputs: Vec<&mut Slot> = outputs.collect();
        let needed = self.needed(outputs.iter().map(|slot| slot.index()));
        let time_is_output =
            needed[Slot::TIME.index()] && outputs.iter().any(|slot| **slot == Slot::TIME);
        let mut memory = vec![0.0; self.inputs];
        let mut places: Vec<Slot> = (0..self.cells.len()).map(|_| Slot::TIME).collect();
        for (place, slot) in places.iter_mut().zip(0..self.inputs) {
            *place = Slot::at(slot);
        }
        for (index, cell) in self
            .cells
            .iter()
            .enumerate()
            .filter(|(index, _)| needed[*index])
        {
            if let Cell::Constant(bits) = cell {
                places[index] = Slot::at(memory.len());
                memory.push(f64::from_bits(*bits));
            }
        }
        let first_result = memory.len();
        let mut instructions = Vec::new();
        for (index, cell) in self
            .cells
            .iter()
            .enumerate()
            .filter(|(index, _)| needed[*index])
        {
            if let Cell::Apply(op, operands) = cell {
                places[index] = Slot::at(first_result + instructions.len());
                instructions.push(Instruction {
                    op: *op,
                    operands: operands.map(|slot| places[slot.index()]),
                });
            }
        }
        memory.resize(first_result + instructions.len(), 0.0);
        for output in outputs {
            *output = places[output.index()];
        }
        let depends_on_time = time_is_output || instructions.iter().any(Instruction::reads_time);
        Program {
            types,
            memory,
            first_constant: self.inputs,
            first_result,
            instructions,
            depends_on_time,
            models: Models::default(),
        }
    }

    /// Which cells some output reaches; operands stand before what uses them, so one pass backwards finds them.
    fn needed(&self, outputs: impl Iterator<Item = usize>) -> Vec<bool> {
        let mut needed = vec![false; self.cells.len()];
        for index in outputs {
            needed[index] = true;
        }
        for index in (0..self.cells.len()).rev() {
            if let (true, Cell::Apply(op, operands)) = (needed[index], self.cells[index]) {
                // The tolerance of a comparison is an operand of its own.
                for operand in &operands[..op.arity() + usize::from(op.compares())] {
                    needed[operand.index()] = true;
                }
            }
        }
        needed
    }
}

#[derive(Clone, Copy, Debug)]
struct Instruction {
    op: Op,
    operands: [Slot; 3],
}

impl Instruction {
    fn reads_time(&self) -> bool {
        self.operands[..self.op.arity()].contains(&Slot::TIME)
    }
}

/// Instructions in order, and the memory they start from.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    types: usize,
    memory: Vec<f64>,
    first_constant: usize,
    first_result: usize,
    instructions: Vec<Instruction>,
    depends_on_time: bool,
    models: Models,
}

impl Program {
    /// The same with the models that give some of its inputs.
    pub(crate) fn with_models(self, models: Models) -> Self {
        Self { models, ..self }
    }

    /// What gives inputs other than t and z.
    pub(crate) fn models(&self) -> &Models {
        &self.models
    }

    /// Memory with the constants in place.
    pub(crate) fn memory(&self) -> Vec<f64> {
        self.memory.clone()
    }

    /// Fill `memory` at period t and mean field z.
    #[inline]
    pub(crate) fn run(&self, memory: &mut [f64], t: usize, z: &[f64]) {
        memory[0] = t as f64;
        memory[1..=z.len()].copy_from_slice(z);
        self.models
            .fill(t, z, &mut memory[1 + z.len()..self.first_constant]);
        for (
            next,
            Instruction {
                op,
                operands: [a, b, c],
            },
        ) in (self.first_result..).zip(&self.instructions)
        {
            memory[next] = op.apply(memory[a.index()], memory[b.index()], memory[c.index()]);
        }
    }

    /// The whole memory with `V` in place of numbers, from t, z and what models give (`inputs`): constants by `lift`,
    /// operations by `apply`.
    pub(crate) fn run_with<V: Copy>(
        &self,
        inputs: &[V],
        lift: impl Fn(f64) -> V,
        apply: impl Fn(Op, [V; 3]) -> V,
    ) -> Vec<V> {
        debug_assert_eq!(inputs.len(), self.first_constant);
        let mut memory = inputs.to_vec();
        let constants = &self.memory[self.first_constant..self.first_result];
        memory.extend(constants.iter().map(|value| lift(*value)));
        for Instruction { op, operands } in &self.instructions {
            memory.push(apply(*op, operands.map(|slot| memory[slot.index()])));
        }
        memory
    }

    /// The value of a slot that depends on neither t nor z.
    pub(crate) fn constant(&self, slot: Slot) -> Option<f64> {
        let constants = self.first_constant..self.first_result;
        constants
            .contains(&slot.index())
            .then(|| self.memory[slot.index()])
    }

    /// The numbers that some z(x) is compared with, as (x, number): values may jump there.
    pub(crate) fn thresholds(&self) -> Vec<(usize, f64)> {
        let compares =
            |i: &&Instruction| matches!(i.op, Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual);
        let compared = self.instructions.iter().filter(compares);
        let sides = compared.flat_map(|i| {
            [
                [i.operands[0], i.operands[1]],
                [i.operands[1], i.operands[0]],
            ]
        });
        let mean_field = Slot::mean_field(0).index()..Slot::mean_field(self.types).index();
        let of_mean_field = sides.filter(|[z, _]| mean_field.contains(&z.index()));
        let numbers = of_mean_field.filter_map(|[z, number]| {
            let x = z.index() - Slot::mean_field(0).index();
            Some((x, self.constant(number)?))
        });
        let mut all: Vec<(usize, f64)> = numbers.collect();
        all.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        all.dedup();
        all
    }

    /// The outcome of every comparison, in a memory that [`run`](Self::run) has filled.
    pub(crate) fn truths(&self, memory: &[f64]) -> Vec<bool> {
        let all = (self.first_result..).zip(&self.instructions);
        let compares = |op: Op| matches!(op, Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual);
        all.filter(|(_, i)| compares(i.op))
            .map(|(slot, _)| memory[slot] != 0.0)
            .collect()
    }

    /// Whether t is read.
    pub(crate) fn depends_on_time(&self) -> bool {
        self.depends_on_time || self.models.read_time()
    }

    /// How many inputs models give.
    pub(crate) fn numbers_of_models(&self) -> usize {
        self.first_constant - 1 - self.types
    }

    /// The number of instructions of one run, what models take counted as such.
    pub(crate) fn len(&self) -> usize {
        self.instructions.len() + CALL * self.models.len()
    }
}

#[cfg(test)]
mod tests;
