//! Ctrl-C: any command ends, and leaves nothing half-written.

#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::program::{Place, assert_fails};

#[test]
fn a_command_that_is_interrupted_leaves_nothing_half_written() {
    // Each takes far longer than it is given here.
    let commands: [&[&str]; 3] = [
        &["solve", "scenarios/technology.toml", "--out", "out"],
        &["solve", "scenarios/sir_vaccination.toml", "--out", "out"],
        &[
            "validate",
            "scenarios/coordination.toml",
            "--method",
            "exact",
            "--population",
            "400",
            "--out",
            "out",
        ],
    ];
    for arguments in commands {
        let place = Place::new();
        let mut running = Command::new(env!("CARGO_BIN_EXE_smfg"))
            .args(
                arguments
                    .iter()
                    .map(|argument| match argument.strip_prefix("scenarios/") {
                        Some(name) => format!("{}/scenarios/{name}", env!("CARGO_MANIFEST_DIR")),
                        None => (*argument).to_owned(),
                    }),
            )
            .current_dir(&place.root)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while !place.path("out.partial").exists() {
            assert!(running.try_wait().unwrap().is_none(), "{arguments:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(500));
        let id = running.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        let ended = running.wait_with_output().unwrap();
        assert_fails(&ended, 130, "interrupted");
        assert!(
            !place.path("out").exists() && !place.path("out.partial").exists(),
            "{arguments:?}"
        );
    }
}
