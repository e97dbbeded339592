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
fn a_switch_between_two_points_of_every_mesh_is_found() {
    let fine = certified(0.001, 4000);
    for (width, grid) in [(0.001, 3), (0.001, 200), (0.02, 200)] {
        let certificate = certified(width, grid);
        let missed = certificate
            .warnings
            .iter()
            .any(|w| w.contains("missed a switch"));
        assert!(!missed, "{:?}", certificate.warnings);
        if width == 0.001 {
            let leader = |c: &Certificate| c.solution.as_ref().unwrap().values[0].1.leader;
            assert!((leader(&certificate) - leader(&fine)).abs() < 1e-9);
        }
    }
}
