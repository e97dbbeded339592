//! Programs: what is computed once, what is folded, and what counts as equal.

use super::*;

/// 2 z(1) - t, written twice, beside an expression that nothing needs.
#[test]
fn a_program_computes_each_needed_expression_once() {
    let mut pool = Pool::new(2);
    let two = pool.constant(2.0);
    let write = |pool: &mut Pool| {
        let product = pool.apply(Op::Multiply, [two, Slot::mean_field(1), two]);
        pool.apply(Op::Subtract, [product, Slot::TIME, product])
    };
    let (mut first, mut second) = (write(&mut pool), write(&mut pool));
    pool.apply(Op::Exp, [first; 3]);
    let program = pool.program(2, [&mut first, &mut second].into_iter());
    assert_eq!(first, second);
    assert_eq!(program.len(), 2);
    assert!(program.depends_on_time());
    let mut memory = program.memory();
    program.run(&mut memory, 5, &[0.25, 0.75]);
    assert_eq!(memory[first.index()], -3.5);
}

#[test]
fn constants_are_folded_and_floats_are_not_reordered() {
    let mut pool = Pool::new(1);
    let [a, b] = [0.1, 0.2].map(|value| pool.constant(value));
    let sum = pool.apply(Op::Add, [a, b, b]);
    assert_eq!(pool.value(sum), Some(0.1 + 0.2));
    // (t + 0.1) + 0.2 stays two additions.
    let partial = pool.apply(Op::Add, [Slot::TIME, a, a]);
    let mut whole = pool.apply(Op::Add, [partial, b, b]);
    let program = pool.program(1, [&mut whole].into_iter());
    assert_eq!(program.len(), 2);
    assert_eq!(program.constant(whole), None);
    let mut memory = program.memory();
    program.run(&mut memory, 1, &[1.0]);
    assert_eq!(memory[whole.index()], (1.0 + 0.1) + 0.2);
}

#[test]
fn a_known_condition_leaves_only_its_branch() {
    let mut pool = Pool::new(1);
    let [zero, one, nan] = [0.0, 1.0, f64::NAN].map(|value| pool.constant(value));
    let z = Slot::mean_field(0);
    assert_eq!(pool.apply(Op::Select, [one, z, Slot::TIME]), z);
    assert_eq!(pool.apply(Op::Select, [zero, z, Slot::TIME]), Slot::TIME);
    let value = |pool: &mut Pool, op, operands| {
        let slot = pool.apply(op, operands);
        pool.value(slot)
    };
    assert!(value(&mut pool, Op::Select, [nan, z, z]).is_some_and(f64::is_nan));
    assert_eq!(value(&mut pool, Op::And, [zero, z, z]), Some(0.0));
    assert_eq!(value(&mut pool, Op::Or, [one, z, z]), Some(1.0));
    assert_eq!(value(&mut pool, Op::And, [one, z, z]), None);
}

#[test]
fn an_output_may_be_an_input_or_a_constant() {
    let mut pool = Pool::new(2);
    let (mut time, mut share, mut number) = (Slot::TIME, Slot::mean_field(1), pool.constant(4.0));
    let program = pool.program(2, [&mut time, &mut share, &mut number].into_iter());
    assert!(program.depends_on_time());
    assert_eq!(
        (program.constant(share), program.constant(number)),
        (None, Some(4.0))
    );
    let mut memory = program.memory();
    program.run(&mut memory, 9, &[0.25, 0.75]);
    assert_eq!(
        [time, share, number].map(|slot| memory[slot.index()]),
        [9.0, 0.75, 4.0]
    );
}

/// Whether comparisons of two expressions, `<`, `<=`, `==` and `!=`, hold at z.
fn compared(write: impl Fn(&mut Pool) -> [Slot; 2], z: f64) -> [bool; 4] {
    [Op::Less, Op::LessEqual, Op::Equal, Op::NotEqual].map(|op| {
        let mut pool = Pool::new(2);
        let [a, b] = write(&mut pool);
        let mut truth = pool.apply(op, [a, b, b]);
        let program = pool.program(2, [&mut truth].into_iter());
        let mut memory = program.memory();
        program.run(&mut memory, 3, &[1.0 - z, z]);
        memory[truth.index()] != 0.0
    })
}

const BELOW: [bool; 4] = [true, true, false, true];
const AT: [bool; 4] = [false, true, true, false];
const ABOVE: [bool; 4] = [false, false, false, true];

#[test]
fn a_mean_field_that_lands_on_a_number_is_equal_to_it_and_no_count_is_moved() {
    let second = |number: f64| move |pool: &mut Pool| [Slot::mean_field(1), pool.constant(number)];
    let first = |number: f64| move |pool: &mut Pool| [Slot::mean_field(0), pool.constant(number)];
    let sum = 0.5 * 0.2 + 0.5 * 0.4;
    assert!(sum > 0.3 && 1.0 - 0.9 < 0.1);
    assert_eq!(compared(second(0.3), sum), AT);
    assert_eq!(compared(first(0.1), 0.9), AT);
    let n: f64 = 1e12;
    for number in [0.1, 0.3, 0.5, 0.7, 1e-6, 1e-12, 1.0 - 1e-12] {
        let count = libm::round(number * n);
        assert_eq!(
            compared(second(number), (count - 1.0) / n),
            BELOW,
            "{number}"
        );
        assert_eq!(compared(second(number), count / n), AT, "{number}");
        assert_eq!(
            compared(second(number), (count + 1.0) / n),
            ABOVE,
            "{number}"
        );
        assert_eq!(
            compared(first(number), 1.0 - (count - 1.0) / n),
            BELOW,
            "{number}"
        );
        assert_eq!(compared(first(number), 1.0 - count / n), AT, "{number}");
        assert_eq!(
            compared(first(number), 1.0 - (count + 1.0) / n),
            ABOVE,
            "{number}"
        );
    }
}

#[test]
fn the_tolerance_of_a_comparison_is_that_of_z_in_what_is_compared() {
    let sum = 0.5 * 0.2 + 0.5 * 0.4;
    // 1e6 (z - .3) > 0 and 100 z > 30, and z^2 against .09 by its own rounding.
    let steep = |pool: &mut Pool| {
        let [factor, number, zero] = [1e6, 0.3, 0.0].map(|v| pool.constant(v));
        let away = pool.apply(Op::Subtract, [Slot::mean_field(1), number, number]);
        [pool.apply(Op::Multiply, [factor, away, away]), zero]
    };
    let percent = |pool: &mut Pool| {
        let [factor, number] = [100.0, 30.0].map(|v| pool.constant(v));
        [
            pool.apply(Op::Multiply, [Slot::mean_field(1), factor, factor]),
            number,
        ]
    };
    let square = |pool: &mut Pool| {
        let [two, number] = [2.0, 0.09].map(|v| pool.constant(v));
        [
            pool.apply(Op::Power, [Slot::mean_field(1), two, two]),
            number,
        ]
    };
    type Write<'a> = &'a dyn Fn(&mut Pool) -> [Slot; 2];
    let writes: [Write; 3] = [&steep, &percent, &square];
    for (i, write) in writes.into_iter().enumerate() {
        assert_eq!(compared(write, sum), AT, "{i}");
        assert_eq!(compared(write, 0.3 + 1e-12), ABOVE, "{i}");
        assert_eq!(compared(write, 0.3 - 1e-12), BELOW, "{i}");
    }
    // z^8 is small where z is: nothing but its own rounding counts.
    let small = |pool: &mut Pool| {
        let [eight, number] = [8.0, 1e-24].map(|v| pool.constant(v));
        [
            pool.apply(Op::Power, [Slot::mean_field(1), eight, eight]),
            number,
        ]
    };
    assert_eq!(compared(small, 1e-3 + 1e-12), ABOVE);
}

#[test]
fn what_does_not_depend_on_z_is_compared_exactly() {
    let late = |pool: &mut Pool| {
        let [tenth, number] = [0.1, 0.3].map(|v| pool.constant(v));
        [pool.apply(Op::Multiply, [Slot::TIME, tenth, tenth]), number]
    };
    assert_ne!(3.0 * 0.1, 0.3);
    assert_eq!(compared(late, 0.5), ABOVE);
    let numbers = |pool: &mut Pool| [pool.constant(0.1 + 0.2), pool.constant(0.3)];
    assert_eq!(compared(numbers, 0.5), ABOVE);
    // Infinities are equal to themselves alone.
    let infinite = |pool: &mut Pool| {
        let zero = pool.constant(0.0);
        let inverse = pool.apply(Op::Divide, [Slot::mean_field(1), zero, zero]);
        [Slot::mean_field(1), inverse]
    };
    assert_eq!(compared(infinite, 0.5), BELOW);
}
