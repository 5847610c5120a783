//! How numbers look to a person. JSON has plain numbers.

/// Bytes in powers of 1024 with one decimal: `823.0 KiB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut tenths = u128::from(n) * 10;
    let mut unit = "B";
    for next in UNITS {
        // Rounded before the unit is chosen, so that nothing reads "1024.0 KiB".
        if (tenths + 5) / 10 < 1024 {
            break;
        }
        tenths = (tenths + 512) / 1024;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Bytes that may be unknown.
pub fn maybe_bytes(n: Option<u64>) -> String {
    n.map_or_else(|| "unknown".to_owned(), bytes)
}

/// Bytes of a column; nothing is a dash.
pub fn cell(n: Option<u64>) -> String {
    match n {
        None => "?".to_owned(),
        Some(0) => "-".to_owned(),
        Some(n) => bytes(n),
    }
}

/// A number in groups of three digits: `842,783`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun: `1 file`, `12 files`.
pub fn count(n: u64, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(n))
}

/// A part of a whole as a change: `+10.1 %`.
pub fn change(ratio: f64) -> String {
    let percent = ratio * 100.0;
    // Nothing reads "-0.0 %".
    if percent.abs() < 0.05 { "0.0 %".to_owned() } else { format!("{percent:+.1} %") }
}

/// Two changes that are not equal, with as many digits as it takes to tell them apart.
pub fn changes_apart(a: f64, b: f64) -> [String; 2] {
    let texts = |digits: usize| [a, b].map(|ratio| format!("{:+.digits$} %", ratio * 100.0));
    let apart = (2..=12).map(texts).find(|[a, b]| a != b);
    match [a, b].map(change) {
        [a, b] if a == b => apart.unwrap_or([a, b]),
        texts => texts,
    }
}

/// How long ago something was, in its largest unit: `3 d`.
pub fn age(seconds: i64) -> String {
    match seconds {
        ..0 => "in the future".to_owned(),
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

/// A time in whole seconds, which are enough for a person.
pub fn whole_seconds(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}

/// Bytes for a person, with the exact number behind.
pub fn exact(n: u64) -> String {
    if n < 1024 { bytes(n) } else { format!("{} ({} bytes)", bytes(n), grouped(n)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well_at_the_edges() {
        for (n, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (842_783, "823.0 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (1 << 20, "1.0 MiB"),
            (5 << 40, "5.0 TiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }

    #[test]
    fn changes_and_ages_read_well_at_the_edges() {
        let changes = [(0.1012, "+10.1 %"), (-0.5, "-50.0 %"), (0.0, "0.0 %"), (-0.0001, "0.0 %")];
        for (ratio, text) in changes {
            assert_eq!(change(ratio), text);
        }
        assert_eq!(changes_apart(0.044938, 0.0449), ["+4.494 %", "+4.490 %"]);
        assert_eq!(changes_apart(0.0452, 0.0448), ["+4.52 %", "+4.48 %"]);
        assert_eq!(changes_apart(0.2741, 0.2), ["+27.4 %", "+20.0 %"]);
        assert_eq!(changes_apart(0.0001, 0.0), ["+0.01 %", "+0.00 %"]);
        let ages =
            [(-1, "in the future"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (86400 * 3, "3 d")];
        for (seconds, text) in ages {
            assert_eq!(age(seconds), text);
        }
        assert_eq!(whole_seconds("2026-01-02T03:04:05.678Z"), "2026-01-02T03:04:05Z");
        assert_eq!(whole_seconds("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05Z");
    }

    #[test]
    fn digits_are_grouped() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(1200, "file"), "1,200 files");
    }
}
