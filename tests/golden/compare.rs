//! Golden files: inputs and the results that they gave when the file was last written.

use serde_json::Value;
use std::path::{Path, PathBuf};

/// Floats differ by at most this times the larger of 1 and their size.
const TOLERANCE: f64 = 1e-12;

/// What a golden file starts from.
#[derive(serde::Deserialize)]
pub struct Inputs {
    /// From the root of the package.
    pub scenario: String,
    pub overrides: Vec<String>,
    pub seed: u64,
    pub populations: Vec<u64>,
    /// Populations of the exact method.
    pub exact: Vec<u64>,
}

/// The files of a folder under tests, in the order of their names.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder of golden files");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files
}

/// Compare the results of at least `least` files in a folder; with SMFG_BLESS set, rewrite them.
pub fn compare(folder: &str, least: usize, results: impl Fn(&Inputs) -> Value) {
    let bless = std::env::var_os("SMFG_BLESS").is_some();
    let files = files(folder);
    assert!(files.len() >= least, "{files:?}");
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a golden file reads");
        let mut golden: Value = serde_json::from_str(&text).expect("a golden file is JSON");
        let inputs: Inputs = serde_json::from_value(golden.clone()).expect("the inputs");
        let found = results(&inputs);
        if bless {
            golden["result"] = found;
            let text = serde_json::to_string_pretty(&golden).expect("JSON") + "\n";
            std::fs::write(&path, text).expect("a golden file can be written");
        } else {
            let change = difference("result", &golden["result"], &found);
            assert_eq!(change, None, "{}", path.display());
        }
    }
}

/// The first difference between two results, with its place.
pub fn difference(place: &str, golden: &Value, found: &Value) -> Option<String> {
    let here = || Some(format!("{place}: {golden} became {found}"));
    match (golden, found) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => left
            .iter()
            .find_map(|(key, value)| difference(&format!("{place}.{key}"), value, &right[key])),
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let mut pairs = left.iter().zip(right).enumerate();
            pairs.find_map(|(i, (l, r))| difference(&format!("{place}[{i}]"), l, r))
        }
        (Value::Number(left), Value::Number(right)) if left.is_f64() && right.is_f64() => {
            let (left, right) = (left.as_f64()?, right.as_f64()?);
            let allowed = TOLERANCE * left.abs().max(1.0);
            if (left - right).abs() <= allowed {
                None
            } else {
                here()
            }
        }
        _ if golden == found => None,
        _ => here(),
    }
}
