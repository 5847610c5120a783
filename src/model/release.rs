//! Which releases of Flink wrote a file, as far as the file tells.

use crate::format::flink::metadata::Metadata;

/// The releases that write such a file. The version alone does not tell (section 1.1 of the
/// format); handles that only some of them know narrow it down.
pub fn written_by(metadata: &Metadata<'_>, has_merged_files: bool) -> &'static str {
    match metadata.layout.version {
        2 => "1.3 to 1.10",
        3 if metadata.layout.channels_of_1_11 => "1.11",
        3 => {
            let forms = metadata.forms();
            match (metadata.layout.changelog_of_1_14, forms.first, forms.second) {
                (true, ..) => "1.14",
                (_, _, true) => "1.15",
                (_, true, _) => "1.11 to 1.14",
                (..) => "1.11 to 1.15",
            }
        }
        4 if has_merged_files => "1.20",
        4 => "1.16 to 1.20",
        5 => "2.0",
        6 => "2.1 to 2.3",
        _ => "no release up to 2.3 (a draft)",
    }
}

/// Whether the release that wrote the file recorded what a checkpoint uploads, as all have
/// since 1.15.
pub fn records_new_bytes(metadata: &Metadata<'_>) -> bool {
    match metadata.layout.version {
        2 => false,
        3 => {
            let layout = metadata.layout;
            let old = layout.channels_of_1_11 || layout.changelog_of_1_14;
            !old && !metadata.forms().first
        }
        _ => true,
    }
}
