use super::super::document::{Origin, Value};
use super::*;
use crate::game::program::Pool;
use proptest::prelude::*;

/// Two types (b is 2.5), three actions, a leader with numbers, and parameters.
fn names() -> Names {
    let set = |names: &[(&str, f64)]| {
        names
            .iter()
            .map(|(name, value)| (name.to_string(), *value))
            .collect()
    };
    Names {
        horizon: 12.0,
        parameters: set(&[("k", 0.25), ("both", 7.0), ("half-life", 3.0)]),
        types: set(&[("low", 0.0), ("high", 2.5), ("both", 9.0)]),
        actions: set(&[("stay", 0.0), ("go", 1.0), ("both", 4.0), ("2nd", 5.0)]),
        leader: Some(LeaderNames {
            variable: "price".to_owned(),
            names: Vec::new(),
            values: vec![0.5, 1.5],
        }),
        leader_types: None,
    }
}

fn value_of(text: &str) -> Value {
    let kind = Kind::String(text.to_owned(), Some(0));
    Value {
        key: "f".to_owned(),
        origin: Origin {
            source: 0,
            span: 0..text.len(),
        },
        kind,
    }
}

fn read(text: &str, names: &Names, used: Use) -> Result<Resolved, (Range<usize>, Problem)> {
    let formula = Formula::read(&value_of(text), &names.spelling())
        .and_then(|formula| formula.resolve(names, used));
    formula.map_err(|fault| {
        let (origin, problem) = fault.parts();
        (origin.span, problem)
    })
}

const HERE: Here = Here {
    leader_type: 1,
    leader: 1,
    x: 1,
    a: 1,
};
const MOMENT: Moment<'_> = Moment {
    here: HERE,
    t: 3,
    z: &[0.125, 0.5, 0.375],
    follower_reward: -2.0,
};

fn eval(text: &str) -> f64 {
    read(text, &names(), Use::LeaderPerFollower)
        .unwrap()
        .value(&names(), MOMENT)
}

#[test]
fn operators_bind_and_associate_as_written_in_the_module() {
    for (text, value) in [
        ("-2^2", -4.0),
        ("2^3^2", 512.0),
        ("2^-1", 0.5),
        ("(-2)^2", 4.0),
        ("--3", 3.0),
        ("10 - 4 - 3", 3.0),
        ("24 / 4 / 3", 2.0),
        ("2 * -3", -6.0),
        ("-2 * 3", -6.0),
        ("1 + 2 * 3", 7.0),
        ("2 * 3 ^ 2", 18.0),
        ("1 + 1 == 2", 1.0),
        ("1 < 2 and 2 < 1", 0.0),
        ("1 or 0 and 0", 1.0),
        ("not 1 == 2", 1.0),
        ("not 0 and 0", 0.0),
        ("(1 < 2) + (2 <= 2) + (3 > 2) + (2 >= 2) + (1 != 2)", 5.0),
        ("1e-3", 0.001),
        ("2.5E+2", 250.0),
        (".5 + 1.", 1.5),
        ("min(3, 1, 2) + max(3, 1, 2)", 4.0),
        ("abs(-2) + sqrt(9)", 5.0),
        ("ln(exp(1))", 1.0),
        ("if(1 < 2, 10, ln(0 - 1))", 10.0),
        ("if(0, ln(0 - 1), 20)", 20.0),
        ("0 and ln(0 - 1)", 0.0),
        ("2 or ln(0 - 1)", 1.0),
        ("\n 1\t+ 2 ", 3.0),
    ] {
        assert_eq!(eval(text), value, "{text}");
    }
}

#[test]
fn names_mean_what_stands_beside_them() {
    for (text, value) in [
        ("x", 2.5),
        ("a", 1.0),
        ("price", 1.5),
        ("leader_action", 1.5),
        ("t", 3.0),
        ("horizon - t", 9.0),
        ("k", 0.25),
        ("half-life", 3.0),
        ("half-life - k", 2.75),
        ("follower_reward", -2.0),
        ("z[low]", 0.125),
        ("z[ high ]", 0.5),
        ("z[x]", 0.5),
        ("x == high", 1.0),
        ("high == x", 1.0),
        ("x == (low)", 0.0),
        ("x != low", 1.0),
        ("a == go", 1.0),
        ("a == 2nd", 0.0),
        ("2nd", 5.0),
        // `both` is a parameter, a type and an action: the comparison decides.
        ("x == both", 0.0),
        ("a != both", 1.0),
        ("x < both", 1.0),
        // By number where no name is compared.
        ("x == 2.5", 1.0),
        ("x < high + 1", 1.0),
        ("high", 2.5),
    ] {
        assert_eq!(eval(text), value, "{text}");
    }
}

/// Names with hyphens whose parts are declared too.
fn hyphenated() -> Names {
    let mut names = names();
    let add = |set: &mut Vec<(String, f64)>, name: &str, value| set.push((name.to_owned(), value));
    add(&mut names.parameters, "half", 10.0);
    add(&mut names.parameters, "life", 20.0);
    add(&mut names.types, "x-1", 1.0);
    add(&mut names.types, "k-half-life", 1.0);
    add(&mut names.actions, "low-2", 1.0);
    add(&mut names.actions, "go-slow", 1.0);
    names
}

#[test]
fn a_text_that_is_a_name_and_a_difference_is_refused() {
    for (text, span, readings) in [
        ("half-life", 0..9, ["half-life", "half - life"]),
        ("2 * half-life", 4..13, ["half-life", "half - life"]),
        ("x-1", 0..3, ["x-1", "x - 1"]),
        ("x == x-1", 5..8, ["x-1", "x - 1"]),
        ("a == low-2", 5..10, ["low-2", "low - 2"]),
        ("k-half-life", 0..11, ["k-half-life", "k - half-life"]),
        ("low-2-x", 0..7, ["low-2 - x", "low - 2 - x"]),
        ("t-half-life*2", 0..11, ["t - half-life", "t - half - life"]),
        ("half-life--1", 0..12, ["half-life - 1", "half - life - 1"]),
        (
            "half-life-exp(2)",
            0..13,
            ["half-life - exp", "half - life - exp"],
        ),
        (
            "half-life-z[low]",
            0..11,
            ["half-life - z", "half - life - z"],
        ),
        ("half-life-(2)", 0..9, ["half-life", "half - life"]),
    ] {
        let (found, problem) = read(text, &hyphenated(), Use::LeaderPerFollower).unwrap_err();
        assert_eq!(found, span, "{text}");
        let readings = readings.map(str::to_owned);
        let expected = text[span].to_owned();
        assert_eq!(
            problem,
            Problem::TwoReadings {
                text: expected,
                readings
            },
            "{text}"
        );
    }
    // With spaces a minus is one, in z[...] a hyphen is none, and parts that mean nothing leave one reading.
    for (text, value) in [
        ("half - life", -10.0),
        ("half -life", -10.0),
        ("half- life", -10.0),
        ("z[x-1]", 0.25),
        ("a == go-slow", 0.0),
        ("go-slow - 1", 0.0),
        ("1e-1", 0.1),
    ] {
        let moment = Moment {
            z: &[0.125, 0.5, 0.125, 0.25, 0.0],
            ..MOMENT
        };
        let names = hyphenated();
        let formula = read(text, &names, Use::LeaderPerFollower).unwrap();
        assert_eq!(formula.value(&names, moment), value, "{text}");
    }
}

/// Types of equal number are still told apart by name.
#[test]
fn equality_with_a_name_is_identity() {
    let mut names = names();
    names.types[0].1 = 2.5;
    let value = |text: &str| {
        read(text, &names, Use::FollowerReward)
            .unwrap()
            .value(&names, MOMENT)
    };
    assert_eq!(value("x == low"), 0.0);
    assert_eq!(value("x == high"), 1.0);
    assert_eq!(value("x == 2.5"), 1.0);
    assert_eq!(value("x <= low"), 1.0);
}

#[test]
fn leader_actions_are_compared_by_name() {
    let mut names = names();
    let actions = vec!["audit".to_owned(), "trust".to_owned()];
    names.leader = Some(LeaderNames {
        variable: "leader_action".to_owned(),
        names: actions,
        values: vec![0.0, 1.0],
    });
    let value = |text: &str| {
        read(text, &names, Use::LeaderPeriod)
            .unwrap()
            .value(&names, MOMENT)
    };
    assert_eq!(value("leader_action == trust"), 1.0);
    assert_eq!(value("leader_action == audit"), 0.0);
    assert_eq!(value("trust"), 1.0);
}

/// A leader with types `low`, also a follower type, and `poor`.
fn names_of_typed_leader() -> Names {
    let types = vec!["low".to_owned(), "poor".to_owned()];
    let leader_types = Some(LeaderNames {
        variable: "worth".to_owned(),
        names: types,
        values: vec![4.0, 6.0],
    });
    Names {
        leader_types,
        ..names()
    }
}

#[test]
fn leader_types_are_compared_by_name_and_have_numbers() {
    let names = names_of_typed_leader();
    for used in [Use::Transition, Use::FollowerReward, Use::LeaderPeriod] {
        for (text, value) in [
            ("worth", 6.0),
            ("leader_type", 6.0),
            ("worth == poor", 1.0),
            ("low == leader_type", 0.0),
            ("worth > low", 1.0),
            ("worth == 6", 1.0),
            ("poor", 6.0),
        ] {
            let formula = read(text, &names, used).unwrap();
            assert_eq!(formula.value(&names, MOMENT), value, "{text}");
        }
    }
    let transition = read(
        "t * z[low] * (price + worth)",
        &names,
        Use::LeaderTransition,
    )
    .unwrap();
    assert_eq!(transition.value(&names, MOMENT), 3.0 * 0.125 * 7.5);
}

#[test]
fn leader_types_are_told_from_what_is_called_alike() {
    let names = names_of_typed_leader();
    for (text, used, place, message) in [
        (
            "1 + low",
            Use::FollowerReward,
            "low",
            "ambiguous here: a type or a leader type",
        ),
        (
            "x == poor",
            Use::FollowerReward,
            "poor",
            "is a leader type, which x never is",
        ),
        (
            "worth == stay",
            Use::FollowerReward,
            "stay",
            "is an action, which worth never is",
        ),
        (
            "worth",
            Use::Terminal,
            "worth",
            "cannot be used in the terminal reward",
        ),
        (
            "worth",
            Use::LeaderAction,
            "worth",
            "cannot be used in a leader action",
        ),
        (
            "price",
            Use::LeaderType,
            "price",
            "cannot be used in a leader type",
        ),
        (
            "k * a",
            Use::LeaderTransition,
            "a",
            "cannot be used in the leader's transition",
        ),
        (
            "z[x]",
            Use::LeaderTransition,
            "z[x]",
            "cannot be used in the leader's transition",
        ),
    ] {
        let (span, problem) = read(text, &names, used).unwrap_err();
        assert_eq!(&text[span], place, "{text}");
        assert!(problem.to_string().contains(message), "{text}: {problem}");
        if message.contains("ambiguous") {
            let help = problem.help().unwrap();
            assert!(help.contains("`leader_type == low`"), "{help}");
        }
    }
}

/// NaN is never turned into a number on the way.
#[test]
fn nan_reaches_the_end() {
    for text in [
        "sqrt(0 - 1) < 1",
        "min(1, sqrt(0 - 1))",
        "max(sqrt(0 - 1), 1)",
        "not ln(0 - 1)",
        "if(ln(0 - 1), 1, 2)",
    ] {
        assert!(eval(text).is_nan(), "{text}");
    }
    assert!(eval("1 and ln(0 - 1)").is_nan());
    assert!(eval("0 or ln(0 - 1)").is_nan());
}

#[test]
fn each_error_has_its_place() {
    let deep = format!("{}1{}", "(".repeat(4_000), ")".repeat(4_000));
    let long = "1+".repeat(MAX_LENGTH);
    let cases: Vec<(&str, Use, &str, &str)> = vec![
        (
            "1 +",
            Use::FollowerReward,
            "",
            "a value was expected, not the end",
        ),
        ("", Use::FollowerReward, "", "a value was expected"),
        (
            "1 2",
            Use::FollowerReward,
            "2",
            "an operator or the end was expected, not the number 2",
        ),
        (
            "(1",
            Use::FollowerReward,
            "",
            "`)` or an operator was expected",
        ),
        ("1)", Use::FollowerReward, ")", "an operator or the end"),
        (
            "1 < 2 < 3",
            Use::FollowerReward,
            "<",
            "between two comparisons",
        ),
        (
            "1 # 2",
            Use::FollowerReward,
            "#",
            "a number, a name or an operator",
        ),
        (
            "k é",
            Use::FollowerReward,
            "é",
            "a number, a name or an operator",
        ),
        ("1.2.3", Use::FollowerReward, "1.2.3", "a finite number"),
        ("1e999", Use::FollowerReward, "1e999", "a finite number"),
        (
            "1 = 2",
            Use::FollowerReward,
            "=",
            "a number, a name or an operator",
        ),
        ("z", Use::FollowerReward, "", "`[type]` after `z`"),
        ("z[low", Use::FollowerReward, "", "`]` was expected"),
        (
            "z[lwo]",
            Use::FollowerReward,
            "z[lwo]",
            "unknown name \"lwo\"",
        ),
        (
            "k * prise",
            Use::FollowerReward,
            "prise",
            "unknown name \"prise\"",
        ),
        (
            "both + 1",
            Use::FollowerReward,
            "both",
            "ambiguous here: a parameter or a type or an action",
        ),
        (
            "follower_reward",
            Use::FollowerReward,
            "follower_reward",
            "cannot be used in the follower reward",
        ),
        (
            "k + a",
            Use::LeaderPeriod,
            "a",
            "cannot be used in the leader's reward per period",
        ),
        (
            "1 + (x == stay)",
            Use::FollowerReward,
            "stay",
            "is an action, which x never is",
        ),
        (
            "high != a",
            Use::FollowerReward,
            "high",
            "is a type, which a never is",
        ),
        (
            "price < go",
            Use::FollowerReward,
            "go",
            "is an action, which price never is",
        ),
        ("x == low", Use::LeaderPeriod, "x", "cannot be used in"),
        ("z[x]", Use::LeaderPeriod, "z[x]", "cannot be used in"),
        (
            "t * x",
            Use::Terminal,
            "t",
            "cannot be used in the terminal reward",
        ),
        ("price", Use::Terminal, "price", "cannot be used in"),
        (
            "price",
            Use::LeaderAction,
            "price",
            "cannot be used in a leader action",
        ),
        (
            "z[low]",
            Use::LeaderAction,
            "z[low]",
            "cannot be used in a leader action",
        ),
        (
            "leader_type",
            Use::FollowerReward,
            "leader_type",
            "is about the leader's types, and she has none",
        ),
        (
            "exp(1, 2)",
            Use::FollowerReward,
            "exp(1, 2)",
            "exp takes one argument, not 2",
        ),
        (
            "min(1)",
            Use::FollowerReward,
            "min(1)",
            "min takes two arguments or more, not 1",
        ),
        (
            "if(1, 2)",
            Use::FollowerReward,
            "if(1, 2)",
            "if takes three arguments",
        ),
        ("exp + 1", Use::FollowerReward, "+", "`(` after a function"),
        (
            "1 + and",
            Use::FollowerReward,
            "and",
            "a value was expected",
        ),
        (&deep, Use::FollowerReward, "(", "nested more than 100 deep"),
        (
            &long,
            Use::FollowerReward,
            &long,
            "20000 bytes, more than 10000",
        ),
    ];
    for (text, used, place, message) in cases {
        let (span, problem) = read(text, &names(), used).unwrap_err();
        assert_eq!(&text[span], place, "{text:.40}");
        assert!(
            problem.to_string().contains(message),
            "{text:.40}: {problem}"
        );
    }
}

#[test]
fn the_innermost_part_is_blamed_and_mended() {
    let blame = |text: &str| {
        let (origin, mend) = read(text, &names(), Use::FollowerReward)
            .unwrap()
            .blame(&names(), MOMENT);
        (text[origin.span].to_owned(), mend)
    };
    let part = |part: &str, mend: &str| (part.to_owned(), format!("write `{mend}`"));
    assert_eq!(
        blame("1 + k * ln(z[x] - 1)"),
        part("ln(z[x] - 1)", "ln(max(z[x] - 1, 1e-6))")
    );
    assert_eq!(
        blame("if(x == low, ln(0), sqrt(-k))"),
        part("sqrt(-k)", "sqrt(max(-k, 0))")
    );
    assert_eq!(
        blame("exp(t * 1000) - 1"),
        part("exp(t * 1000)", "exp(min(t * 1000, 700))")
    );
    assert_eq!(blame("1 / (z[low] - z[low])").0, "1 / (z[low] - z[low])");
    assert_eq!(blame("(0 - 1) ^ 0.5").0, "(0 - 1) ^ 0.5");
}

/// Expressions that this test evaluates by itself, and the text of each with the fewest brackets.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(&'static str, f64),
    Negate(Box<Tree>),
    Not(Box<Tree>),
    Pair(&'static str, Box<Tree>, Box<Tree>),
    If(Box<Tree>, Box<Tree>, Box<Tree>),
}

impl Tree {
    fn value(&self) -> f64 {
        let as_number = |holds: bool| if holds { 1.0 } else { 0.0 };
        match self {
            Tree::Leaf(_, value) => *value,
            Tree::Negate(tree) => -tree.value(),
            Tree::Not(tree) => as_number(tree.value() == 0.0),
            Tree::If(condition, yes, no) => {
                if condition.value() != 0.0 {
                    yes.value()
                } else {
                    no.value()
                }
            }
            Tree::Pair(sign, left, right) => {
                let (left, right) = (left.value(), right.value());
                match *sign {
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    "<" => as_number(left < right),
                    ">=" => as_number(left >= right),
                    "==" => as_number(left == right),
                    "and" => as_number(left != 0.0 && right != 0.0),
                    "or" => as_number(left != 0.0 || right != 0.0),
                    "^" => libm::pow(left, right),
                    _ => f64::NAN,
                }
            }
        }
    }

    fn has_nan(&self) -> bool {
        let inside = match self {
            Tree::Leaf(..) => false,
            Tree::Negate(tree) | Tree::Not(tree) => tree.has_nan(),
            Tree::Pair(_, left, right) => left.has_nan() || right.has_nan(),
            Tree::If(condition, yes, no) => condition.has_nan() || yes.has_nan() || no.has_nan(),
        };
        inside || self.value().is_nan()
    }

    fn rank(&self) -> u8 {
        match self {
            Tree::Leaf(..) | Tree::If(..) => 9,
            Tree::Negate(_) => 6,
            Tree::Not(_) => 2,
            Tree::Pair(sign, ..) => match *sign {
                "or" => 0,
                "and" => 1,
                "<" | ">=" | "==" => 3,
                "+" | "-" => 4,
                "*" => 5,
                _ => 7,
            },
        }
    }

    fn at_least(&self, rank: u8) -> String {
        if self.rank() < rank {
            format!("({})", self.text())
        } else {
            self.text()
        }
    }

    fn text(&self) -> String {
        let rank = self.rank();
        match self {
            Tree::Leaf(text, _) => (*text).to_owned(),
            Tree::Negate(tree) => format!("-{}", tree.at_least(6)),
            Tree::Not(tree) => format!("not {}", tree.at_least(2)),
            Tree::If(condition, yes, no) => {
                format!("if({}, {}, {})", condition.text(), yes.text(), no.text())
            }
            Tree::Pair("^", left, right) => format!("{}^{}", left.at_least(8), right.at_least(6)),
            // Comparisons do not chain; the others group to the left.
            Tree::Pair(sign, left, right) => {
                let left_rank = if rank == 3 { 4 } else { rank };
                format!(
                    "{} {sign} {}",
                    left.at_least(left_rank),
                    right.at_least(rank + 1)
                )
            }
        }
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaves = [
        ("2", 2.0),
        ("0", 0.0),
        ("0.5", 0.5),
        ("k", 0.25),
        ("x", 2.5),
        ("price", 1.5),
        ("t", 3.0),
        ("z[low]", 0.125),
        ("z[x]", 0.5),
        ("a == go", 1.0),
        ("follower_reward", -2.0),
    ];
    // A comparison as a leaf stands in brackets, as it would not chain.
    let leaf = prop::sample::select(leaves.to_vec()).prop_map(|(text, value)| {
        Tree::Leaf(if text == "a == go" { "(a == go)" } else { text }, value)
    });
    leaf.prop_recursive(6, 60, 3, |inner| {
        let signs = vec!["+", "-", "*", "<", ">=", "==", "and", "or", "^"];
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            6 => (prop::sample::select(signs), boxed.clone(), boxed.clone()).prop_map(|(s, l, r)| Tree::Pair(s, l, r)),
            1 => boxed.clone().prop_map(Tree::Negate),
            1 => boxed.clone().prop_map(Tree::Not),
            1 => (boxed.clone(), boxed.clone(), boxed).prop_map(|(c, y, n)| Tree::If(c, y, n)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The parser reads the fewest brackets as the tree means them, and folding changes no bit.
    #[test]
    fn parsing_and_folding_keep_the_value(tree in tree()) {
        // Where NaN arises, this language keeps it and Rust's comparisons do not.
        prop_assume!(!tree.has_nan());
        let names = names();
        let formula = read(&tree.text(), &names, Use::LeaderPerFollower).unwrap();
        let value = formula.value(&names, MOMENT);
        prop_assert_eq!(value, tree.value(), "{}", tree.text());
        let mut pool = Pool::new(3);
        let reward = pool.constant(-2.0);
        let mut slot = formula.compile(&names, HERE, &mut pool, reward);
        let program = pool.program(3, [&mut slot].into_iter());
        let mut memory = program.memory();
        program.run(&mut memory, MOMENT.t, MOMENT.z);
        prop_assert_eq!(memory[slot.index()].to_bits(), value.to_bits(), "{}", tree.text());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,60}") {
        if let Err((span, _)) = read(&text, &names(), Use::FollowerReward) {
            prop_assert!(text.get(span).is_some());
        }
    }

    #[test]
    fn no_soup_of_tokens_makes_the_reader_panic(words in prop::collection::vec(prop::sample::select(vec![
        "(", ")", "[", "]", "z[", "z", "x", "a", "==", "<", "-", "^", "*", "if(", "min(", ",", "1", "2nd", "half-life",
        "not", "and", "or", "ln", "low", ".", "e", " ", "1e", "é",
    ]), 0..40)) {
        let text = words.concat();
        if let Err((span, _)) = read(&text, &names(), Use::Transition) {
            prop_assert!(text.get(span).is_some());
        }
    }
}
