//! The sessions in `README.md` print what is written there.

#[test]
fn the_sessions_of_the_readme() {
    // As a reader runs them: in the clone, with the binary on the path, for the first time.
    let restored = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/rules");
    if restored.exists() {
        std::fs::remove_dir_all(&restored).unwrap();
    }
    let cases = trycmd::TestCases::new();
    cases.register_bin("chkctl", std::path::PathBuf::from(env!("CARGO_BIN_EXE_chkctl")));
    cases.env("NO_COLOR", "1").case("README.md").run();
}
