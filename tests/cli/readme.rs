//! The README shows what the program prints: every block that begins with `$ smfg` is run and compared.

use std::path::Path;
use std::process::Command;

/// The blocks of the README, as (arguments, output).
fn blocks() -> Vec<(Vec<String>, String)> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))
        .expect("the README is there");
    let mut found = Vec::new();
    for block in readme.split("```text\n").skip(1) {
        let (block, _) = block.split_once("```").expect("a block ends");
        let Some(command) = block.strip_prefix("$ smfg ") else {
            continue;
        };
        let (arguments, output) = command.split_once('\n').expect("a command is a line");
        let words = arguments.split_whitespace().map(str::to_owned).collect();
        found.push((words, output.to_owned()));
    }
    found
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let blocks = blocks();
    assert!(blocks.len() >= 2, "a certified and a refuted run are shown");
    let folder = tempfile::tempdir().expect("a folder for the runs");
    let scenarios = folder.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("a new folder");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")).unwrap()
    {
        let path = entry.unwrap().path();
        std::fs::copy(&path, scenarios.join(path.file_name().unwrap())).unwrap();
    }
    let mut verdicts = Vec::new();
    for (arguments, expected) in blocks {
        let run = Command::new(env!("CARGO_BIN_EXE_smfg"))
            .args(&arguments)
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        let printed = String::from_utf8(run.stdout).expect("text");
        assert_eq!(printed, expected, "smfg {}", arguments.join(" "));
        verdicts.push(run.status.code());
    }
    assert!(verdicts.contains(&Some(0)) && verdicts.contains(&Some(1)));
}
