//! Small files, whole and broken; real ones are read by `tests/it/rocks`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic)]

use super::OptionsProblem;
use super::parse;

/// What every file has.
const HEAD: &str = "# comment\n\n[Version]\n  rocksdb_version=8.10.0\n  options_file_version=1.1\n\n\
                    [DBOptions]\n  wal_dir=/a=b \\# no comment # comment\n\n[CFOptions \"default\"]\n";

fn with(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

fn problem(text: &str) -> (u64, OptionsProblem) {
    let error = parse(text.as_bytes()).unwrap_err();
    (error.line, error.problem)
}

#[test]
fn sections_and_settings() {
    let text = with(
        "  comparator=c\n  merge_operator={id=m;delimiter=,;}\n  num_levels=7\n  num_levels=8\n  \n\
         [TableOptions/BlockBasedTable \"default\"]\n  format_version=5\n  checksum=kXXH3\n\
         \x20 block_size=4096\n  index_type=kBinarySearch\n  filter_policy=nullptr\n\
         [CFOptions \"a\\#\\:\\\\\\n\\\"b]\"]\n  merge_operator=nullptr\n  compression=kX\n",
    );
    let options = parse(text.as_bytes()).unwrap();
    assert_eq!((options.rocksdb_version, options.options_file_version), ([8, 10, 0], [1, 1]));
    assert_eq!(options.db.get("wal_dir"), Some("/a=b \\# no comment"));
    let [default, other] = &options.column_families[..] else { panic!("two") };
    assert_eq!((&*default.name, default.comparator), ("default", Some("c")));
    assert_eq!((default.merge_operator, default.num_levels), (Some("m"), Some(7)));
    assert_eq!(default.settings.0.len(), 4);
    let table = default.table.as_ref().unwrap();
    assert_eq!((table.factory, table.format_version), ("BlockBasedTable", Some(5)));
    assert_eq!((table.checksum, table.block_size), (Some("kXXH3"), Some(4096)));
    assert_eq!((table.index_type, table.filter_policy), (Some("kBinarySearch"), None));
    assert_eq!((&*other.name, other.merge_operator), ("a#:\\\n\"b]", None));
    assert_eq!((other.compression, &other.table), (Some("kX"), &None));
}

#[test]
fn what_is_no_setting_is_an_error_with_its_line() {
    assert!(parse(with("").as_bytes()).is_ok());
    assert_eq!(problem(&with("  a\n")), (11, OptionsProblem::Statement));
    assert_eq!(problem(&with("  =a\n")), (11, OptionsProblem::Statement));
    assert_eq!(problem("a=b\n"), (1, OptionsProblem::Statement));
    assert_eq!(problem(&with("  a=b")), (11, OptionsProblem::Cut));
    let unknown = |name: &str| OptionsProblem::Section(name.to_owned());
    assert_eq!(problem(&with("[Wrong]\n")), (11, unknown("Wrong")));
    assert_eq!(problem(&with("[DBOptions]\n")), (11, unknown("DBOptions")));
    let order = |name: &str| OptionsProblem::Order(name.to_owned());
    assert_eq!(problem(&with("[CFOptions \"default\"]\n")), (11, order("default")));
    assert_eq!(problem(&with("[TableOptions/T \"x\"]\n")), (11, order("x")));
    assert_eq!(problem("[CFOptions \"x\"]\n"), (1, order("x")));
    let mut bytes = with("").into_bytes();
    bytes[2] = 0xFF;
    let error = parse(&bytes).unwrap_err().to_string();
    assert_eq!(error, "OPTIONS line 1, byte 0: is not UTF-8");
}

#[test]
fn what_every_file_has_is_there_and_has_its_type() {
    assert_eq!(problem(""), (0, OptionsProblem::Missing("section Version")));
    let missing = OptionsProblem::Missing("section DBOptions");
    assert_eq!(problem("[Version]\n  rocksdb_version=1.2.3\n"), (2, missing));
    let missing = OptionsProblem::Missing("section CFOptions \"default\"");
    assert_eq!(problem("[Version]\n  rocksdb_version=1.2.3\n[DBOptions]\n"), (3, missing));
    let error = parse(HEAD.replace("8.10.0", "8.10").as_bytes()).unwrap_err();
    let text = "OPTIONS line 10, byte 146: rocksdb_version is `8.10`, expected numbers with dots \
                between them";
    assert_eq!(error.to_string(), text);
    let (_, problem) = problem(&with("  num_levels=x\n"));
    assert_eq!(problem.to_string(), "num_levels is `x`, expected a number");
}
