//! What a run leaves behind: tables, documents and the manifest, in a folder that is whole or not there at all.
//!
//! An [`OutputFolder`] collects files under `DIR.partial` and renames the folder when the run is whole. A [`Table`]
//! holds results by column, and CSV is one way to write it; documents are JSON. Nothing here computes: a float is
//! printed as the shortest text that reads back to the same `f64`, and an unknown one as `NaN` (CSV) or `null` (JSON).

mod agent_returns;
mod calibration;
pub mod columns;
mod convergence;
mod folder;
mod leader;
mod manifest;
mod npy;
mod plan;
mod progress;
mod screen;
mod simulation;
mod solution;
mod table;
mod theta;
mod validation;

pub use agent_returns::{agent_returns_table, begin_agent_returns};
pub use calibration::calibration_table;
pub use convergence::{convergence_screen, convergence_table};
pub use folder::{
    FileTable, FolderError, OnExisting, OutputFolder, ReadError, Refused, RowFile, WriteError,
    read_json, read_state,
};
pub use manifest::{Manifest, Phase, sha256, shell_words};
pub use plan::plan_table;
pub use progress::{Difference, Identity, PopulationState, RunState};
pub use screen::{Screen, closing_screen, solution_screen};
pub use simulation::{begin_returns, begin_trace, returns_table, summary_table, trace_table};
pub use solution::{PolicyTable, mean_field_table, stage_table};
pub use table::{Cell, Column, Misfit, Table};
pub use theta::{ReadThetaError, THETA_FILE, read_theta, theta_bytes, theta_of, write_theta};
pub use validation::{best_response_table, certificate_json, deviations_table, verdict_json};
