use super::*;
use crate::scenario::Scenario;

/// The leader prefers level 1 only within `width` of z(two) = .5025, between two points of the mesh of 200 cells.
fn certified(width: f64, grid: usize) -> Certificate {
    let text = format!(
        "name = \"window\"\nhorizon = 2\ndiscount = 1\n[follower]\ntypes = [\"one\", \"two\"]\n\
         actions = [\"go\", \"hold\"]\ninitial = [0.4975, 0.5025]\n\
         reward = \"(x == two) * level * (t == 2) + 0.05 * (a == go)\"\n[follower.transition]\n\
         \"*, go\" = {{ two = 0.5025, one = \"rest\" }}\n\"*, hold\" = {{ two = 0.6, one = \"rest\" }}\n\
         [leader]\nactions = {{ name = \"level\", values = [0, 1] }}\n\
         reward = {{ period = \"level * (t == 2) * ({width} - abs(z[two] - 0.5025))\" }}\n[solve]\ngrid = {grid}\n"
    );
    let scenario = Scenario::parse("window.toml", &text, &[]).unwrap();
    let solution = Solved::compute(scenario.game(), &scenario.solve, None).unwrap();
    Certified::solution(&solution, &[]).unwrap().certificate
}

#[test]
fn a_switch_that_the_mesh_missed_is_reported() {
    let said = |certificate: &Certificate| {
        certificate
            .warnings
            .iter()
            .any(|warning| warning.contains("missed a switch"))
    };
    assert!(said(&certified(0.001, 200)));
    // Found by a finer mesh, and wide enough for the first.
    assert!(!said(&certified(0.001, 4000)));
    assert!(!said(&certified(0.02, 200)));
}
