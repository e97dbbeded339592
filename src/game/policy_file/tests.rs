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
        let play = policy
            .play(t, &Belief::certain(), &MeanField::two_types(m))
            .unwrap();
        assert_eq!(play.leader_action(), LeaderAction(0));
        assert_eq!(play.prescription.rows(), [0.5, 0.25, 0.25, 1.0, 0.0, 0.0]);
        assert_eq!(
            policy.answer(
                t,
                &Belief::certain(),
                &MeanField::two_types(m),
                &LeaderPrescription::action(LeaderAction(0))
            ),
            Err(PolicyError::NoAnswer { t })
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
        let play = policy
            .play(t, &Belief::certain(), &MeanField::two_types(high))
            .unwrap();
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
    assert!(distance(&[0.3, 0.7], middle.weights()) < distance(&[0.35, 0.65], middle.weights()));
    assert_eq!(played(1, 0.675), (1, 1));
    assert_eq!(played(1, 0.676), (0, 2));
    assert_eq!(
        policy
            .play(2, &Belief::certain(), &MeanField::two_types(1.0))
            .unwrap()
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
                .unwrap()
                .leader_action(),
            LeaderAction(index)
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = PolicyFile::read(Path::new("/no/such/file.csv"), game(GAME).game()).unwrap_err();
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
        policy
            .play(1, &belief, &MeanField::two_types(high))
            .unwrap()
            .leader
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
        let leader = policy
            .play(1, &belief, &MeanField::two_types(0.5))
            .unwrap()
            .leader;
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
    let by_type =
        "leader_prob_weak_0.25,leader_prob_weak_0.5,leader_prob_firm_0.25,leader_prob_firm_0.5,";
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
