//! `smfg solve`: theta and its certificate.

use clap::Args;
use smfg::game::Flow;
use smfg::report::{
    OutputFolder, PolicyTable, certificate_json, mean_field_table, solution_screen, write_theta,
};
use smfg::scenario::Scenario;
use smfg::solve::{Archive, SolveError, Unfit};

use super::failure::Failure;
use super::job::{Job, Phases};
use super::options::{
    Changed, OutputOptions, PolicyRows, PolicySource, SolutionOptions, SourceOptions,
};
use super::played::{Played, Selections};
use super::{Outcome, stdout};

/// Arguments of `smfg solve`.
#[derive(Debug, Args)]
pub struct SolveCommand {
    #[command(flatten)]
    source: SourceOptions,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    solution: SolutionOptions,
    /// The rows of policy.csv: all, up to a million, or those of the mean-field path
    #[arg(long, value_enum, default_value_t = PolicyRows::All)]
    policy_rows: PolicyRows,
    /// Print the certificate as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// Run the command.
///
/// # Errors
/// [`Failure`].
pub fn execute(options: &SolveCommand) -> Result<Outcome, Failure> {
    let changed = Changed::new(&options.source).solution(&options.solution);
    let mut job = Job::open(&changed, &options.output)?;
    let (game, folder, phases) = (job.scenario.game(), &mut job.folder, &mut job.phases);
    let played = Played::obtain(&job.scenario, PolicySource::Solve, Selections::Own, phases)?;
    let certified = played.certify(&job.scenario, phases)?;
    let certificate = certificate_json(game, &certified.certificate);
    folder.json("certificate.json", &certificate)?;
    let mut screen = solution_screen(game, &certified.certificate);
    let notes = write_solution(
        &job.scenario,
        &played,
        &certified.flow,
        options.policy_rows,
        folder,
        phases,
    )?;
    let folder = job.close()?;
    if options.json {
        stdout::print_json(&certificate)?;
    } else if !options.output.quiet {
        for note in certified.certificate.warnings.iter().chain(&notes) {
            screen.push_str(&format!("note: {note}\n"));
        }
        stdout::print(&format!("{screen}\n{}\n", folder.display()))?;
    }
    Ok(Outcome::Done)
}

/// Rows of policy.csv at most.
const MOST_ROWS: usize = 1_000_000;

/// Write theta.npz, policy.csv and mean_field.csv; what was left out of them is returned as notes.
pub fn write_solution(
    scenario: &Scenario,
    played: &Played,
    flow: &Flow,
    rows: PolicyRows,
    folder: &mut OutputFolder,
    phases: &mut Phases,
) -> Result<Vec<String>, Failure> {
    let game = scenario.game();
    let mixing = played.leader_mixing();
    let rewards = flow.rewards(game).map_err(SolveError::from)?;
    let table = mean_field_table(game, mixing, flow, &rewards)?;
    folder.table("mean_field.csv", &table)?;
    let Played::Solved(solution, _) = played else {
        return Ok(Vec::new());
    };
    phases.run("theta", |_| {
        Ok(write_theta(folder, &Archive::of(solution))?)
    })?;
    let (horizon, grid) = (game.horizon(), scenario.solve.grid);
    let points = (1..=horizon).map(|t| solution.lattice_points(t));
    let too_many = points.fold(0, usize::saturating_add) > MOST_ROWS;
    let mut notes = Vec::new();
    // With more follower types there is no other way.
    if let Some(unfit @ Unfit::SeveralFunctions) = solution.unfit() {
        notes.push(format!(
            "V is held on a lattice, linear between its nodes: {unfit}"
        ));
    }
    phases.run("policy", |bar| {
        let mut table = PolicyTable::begin(folder, game, mixing)?;
        if rows == PolicyRows::Path || too_many {
            for node in flow.nodes.iter().filter(|node| node.play.is_some()) {
                let (belief, z) = (&node.belief, &node.mean_field);
                table.row(node.t, belief, z, &solution.resolve(node.t, belief, z)?)?;
            }
            if rows == PolicyRows::All {
                notes.push(format!("policy.csv holds the path only: the lattice would make more than {MOST_ROWS} rows"));
            }
        } else {
            bar.set_length(horizon as u64);
            for t in 1..=horizon {
                for (belief, z, point) in solution.lattice(t, grid)? {
                    table.row(t, &belief, &z, &point)?;
                }
                bar.inc(1);
            }
        }
        Ok(table.finish()?)
    })?;
    Ok(notes)
}
