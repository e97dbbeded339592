use super::*;
use serde_json::{Value, json};
use tempfile::TempDir;

fn manifest() -> Manifest {
    Manifest::new(
        "smfg run a.toml".into(),
        "name = \"a\"".into(),
        0,
        json!({}),
    )
}

fn header() -> Vec<String> {
    vec!["value".to_owned()]
}

/// One column of one value.
fn table(value: f64) -> Table {
    let mut table = Table::new(header());
    table.row([value]).unwrap();
    table
}

/// A whole folder with one table of one row.
fn write_one(target: &Path, on_existing: OnExisting, value: f64) -> Result<PathBuf, FolderError> {
    let mut folder = OutputFolder::create(target, on_existing)?;
    folder.table("trace.csv", &table(value))?;
    folder.finish(manifest())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn appears_under_its_name_when_whole() {
    let root = TempDir::new().unwrap();
    let target = root.path().join("new/deep");
    let mut folder = OutputFolder::create(&target, OnExisting::Refuse).unwrap();
    let mut begun = folder.begin_table("trace.csv", &header()).unwrap();
    folder
        .json("verdict.json", &json!({ "gain": f64::NAN, "low": 1.0 }))
        .unwrap();
    assert!(!target.exists());
    begun.append(&table(0.5)).unwrap();
    begun.finish().unwrap();
    folder.finish(manifest()).unwrap();

    assert_eq!(names(&root.path().join("new")), ["deep"]);
    assert_eq!(
        names(&target),
        ["manifest.json", "trace.csv", "verdict.json"]
    );
    let read = |name| fs::read_to_string(target.join(name)).unwrap();
    assert_eq!(read("trace.csv"), "value\n0.5\n");
    assert_eq!(
        read("verdict.json"),
        "{\n  \"gain\": null,\n  \"low\": 1.0\n}\n"
    );
    let manifest: Value = serde_json::from_str(&read("manifest.json")).unwrap();
    assert_eq!(manifest["files"], json!(["trace.csv", "verdict.json"]));
}

#[test]
fn dropped_unfinished_leaves_nothing_not_even_the_parents_it_made() {
    let root = TempDir::new().unwrap();
    let mut folder = OutputFolder::create(&root.path().join("a/b/c"), OnExisting::Refuse).unwrap();
    let _table = folder.begin_table("trace.csv", &header()).unwrap();
    assert_eq!(
        names(&root.path().join("a/b/c.partial")),
        ["manifest.json", "trace.csv"]
    );
    drop(folder);
    assert_eq!(names(root.path()), Vec::<String>::new());
}

#[test]
fn an_existing_folder_is_refused_or_replaced() {
    let root = TempDir::new().unwrap();
    let target = root.path().join("run");
    write_one(&target, OnExisting::Refuse, 1.0).unwrap();
    let refused = write_one(&target, OnExisting::Refuse, 2.0);
    assert!(matches!(
        refused,
        Err(FolderError::Refused(Refused::Exists { .. }))
    ));
    assert_eq!(
        fs::read_to_string(target.join("trace.csv")).unwrap(),
        "value\n1.0\n"
    );
    write_one(&target, OnExisting::Replace, 2.0).unwrap();
    assert_eq!(
        fs::read_to_string(target.join("trace.csv")).unwrap(),
        "value\n2.0\n"
    );
    assert_eq!(names(root.path()), ["run"]);
}

#[test]
fn a_failed_replacement_keeps_the_old_files() {
    let root = TempDir::new().unwrap();
    let target = root.path().join("run");
    write_one(&target, OnExisting::Refuse, 1.0).unwrap();
    drop(OutputFolder::create(&target, OnExisting::Replace).unwrap());
    assert_eq!(names(&target), ["manifest.json", "trace.csv"]);
}

#[test]
fn files_that_no_manifest_lists_are_never_removed() {
    let root = TempDir::new().unwrap();
    let target = root.path().join("run");
    write_one(&target, OnExisting::Refuse, 1.0).unwrap();
    fs::write(target.join("notes.txt"), "mine").unwrap();
    let refused = OutputFolder::create(&target, OnExisting::Replace);
    let Err(FolderError::Refused(Refused::Foreign { files, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(files, ["notes.txt"]);
    assert_eq!(names(&target), ["manifest.json", "notes.txt", "trace.csv"]);

    // A manifest of another program lists nothing of ours, itself included.
    let other = root.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("manifest.json"), r#"{ "files": ["trace.csv"] }"#).unwrap();
    let refused = OutputFolder::create(&other, OnExisting::Replace);
    assert!(matches!(
        refused,
        Err(FolderError::Refused(Refused::Foreign { .. }))
    ));
}

#[test]
fn a_folder_made_meanwhile_is_not_overwritten() {
    let root = TempDir::new().unwrap();
    let target = root.path().join("run");
    let folder = OutputFolder::create(&target, OnExisting::Refuse).unwrap();
    fs::create_dir(&target).unwrap();
    let refused = folder.finish(manifest());
    assert!(matches!(
        refused,
        Err(FolderError::Refused(Refused::Exists { .. }))
    ));
    assert_eq!(names(root.path()), ["run"]);
}

#[test]
fn a_leftover_is_refused_or_replaced() {
    let root = TempDir::new().unwrap();
    let target = root.path().join("run");
    let mut killed = OutputFolder::create(&target, OnExisting::Refuse).unwrap();
    let _table = killed.begin_table("returns.csv", &header()).unwrap();
    let refused = OutputFolder::create(&target, OnExisting::Refuse);
    assert!(matches!(
        refused,
        Err(FolderError::Refused(Refused::Leftover { .. }))
    ));
    write_one(&target, OnExisting::Replace, 1.0).unwrap();
    assert_eq!(names(root.path()), ["run"]);
}

#[test]
fn what_is_no_folder_is_refused() {
    let root = TempDir::new().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = OutputFolder::create(&file, OnExisting::Replace);
    assert!(matches!(
        refused,
        Err(FolderError::Refused(Refused::NotAFolder { .. }))
    ));
    let refused = OutputFolder::create(Path::new(".."), OnExisting::Replace);
    assert!(matches!(
        refused,
        Err(FolderError::Refused(Refused::NoName { .. }))
    ));
    let failed = OutputFolder::create(&file.join("run"), OnExisting::Refuse);
    assert!(matches!(failed, Err(FolderError::Write(_))));
    assert_eq!(names(root.path()), ["file"]);
}

#[test]
fn missing_ancestors_are_found_in_relative_paths_too() {
    assert_eq!(
        missing_ancestor(Path::new("no-such/deep")),
        Some("no-such".into())
    );
    assert_eq!(missing_ancestor(Path::new(".")), None);
    assert_eq!(
        partial_path(Path::new("output/run/")).unwrap(),
        Path::new("output/run.partial")
    );
}

#[test]
fn a_run_killed_between_its_manifest_and_its_name_can_be_continued_or_replaced() {
    let root = TempDir::new().unwrap();
    let target = root.path().join("run");
    let killed = |folder: &Path| {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("trace.csv"), "value\n").unwrap();
        fs::write(folder.join(STATE), "{}").unwrap();
        let whole = manifest().with_files(&["trace.csv".to_owned()]);
        fs::write(folder.join(MANIFEST), serde_json::to_vec(&whole).unwrap()).unwrap();
    };
    killed(&root.path().join("run.partial"));
    let continued = OutputFolder::create(&target, OnExisting::Continue).unwrap();
    assert!(continued.resumable);
    drop(continued);
    write_one(&target, OnExisting::Replace, 1.0).unwrap();
    assert_eq!(names(root.path()), ["run"]);
    // The same just after it has its name.
    fs::remove_dir_all(&target).unwrap();
    killed(&target);
    write_one(&target, OnExisting::Replace, 1.0).unwrap();
    assert_eq!(names(&target), ["manifest.json", "trace.csv"]);
}
