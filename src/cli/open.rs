//! From flags to stores: `--rebase`, `--entropy-key`, `--store-option`.

use super::args::StoreArgs;
use super::exit::Stop;
use crate::catalog::CatalogError;
use crate::catalog::checkpoint::RebaseOptions;
use crate::catalog::without_credentials;
use crate::store::Location;
use crate::store::StoreOptions;

/// `--rebase` and `--entropy-key`.
pub(super) fn rebase_options(args: &StoreArgs) -> Result<RebaseOptions, Stop> {
    let rule = |text: &String| {
        let bad = |why: String| {
            let hint =
                "write --rebase FROM=TO with a path or URI of the writer and where it is now"
                    .to_owned();
            Stop::usage(format!("--rebase {why}"), Some(hint))
        };
        let shown = without_credentials(text);
        let without = || format!("{shown}: is not FROM=TO with an absolute FROM");
        let several = || format!("{shown}: can be split at more than one =");
        let not = |part: &str, error| format!("{}: {error}", without_credentials(part));
        let (from, to) = match splits(text).as_slice() {
            [one] => *one,
            [] => return Err(bad(without())),
            _ => return Err(bad(several())),
        };
        let from = Location::parse_flink(from).map_err(|error| bad(not(from, error)))?;
        let to = Location::parse_argument(to).map_err(|error| bad(not(to, error)))?;
        Ok((from, to))
    };
    let rules = args.rebase.iter().map(rule).collect::<Result<_, Stop>>()?;
    Ok(RebaseOptions { rules, entropy_marker: args.entropy_key.clone() })
}

/// The ways to read FROM=TO with two absolute places; a path may have a `=` of its own. A
/// single `=` is the one, also where TO is relative.
fn splits(text: &str) -> Vec<(&str, &str)> {
    let absolute = |place: &str| {
        let scheme = |(scheme, _): (&str, &str)| {
            !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        place.starts_with('/') || place.split_once(":/").is_some_and(scheme)
    };
    let both = |(at, _): (usize, &str)| {
        let (from, to) = (&text[..at], &text[at + 1..]);
        (absolute(from) && absolute(to)).then_some((from, to))
    };
    let found: Vec<_> = text.match_indices('=').filter_map(both).collect();
    match text.split_once('=') {
        Some((from, to)) if absolute(from) && !to.is_empty() && !to.contains('=') => {
            vec![(from, to)]
        }
        _ => found,
    }
}

/// `--also`: places in whose stores files are looked for, beside those of `--rebase`.
pub(super) fn also(texts: &[String], rebase: &RebaseOptions) -> Result<Vec<Location>, Stop> {
    let place = |text: &String| {
        Location::parse_argument(text).map_err(|source| {
            Stop::from(CatalogError::Location { text: without_credentials(text), source })
        })
    };
    let mut places = texts.iter().map(place).collect::<Result<Vec<_>, Stop>>()?;
    places.extend(rebase.rules.iter().map(|(_, to)| to.clone()));
    Ok(places)
}

/// `--store-option`.
pub(super) fn store_options(args: &StoreArgs) -> Result<StoreOptions, Stop> {
    let option = |text: &String| {
        let pair = text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        // The text may hold a secret, so it is not repeated.
        let hint = Some("write --store-option KEY=VALUE".to_owned());
        pair.ok_or_else(|| Stop::usage("--store-option: an option has no =", hint))
    };
    let options = args.store_option.iter().map(option).collect::<Result<_, Stop>>()?;
    Ok(StoreOptions { options })
}

#[cfg(test)]
mod tests {
    use super::splits;

    #[test]
    fn rules_are_split_between_two_absolute_places() {
        assert_eq!(splits("s3://b/cp=/data/cp"), [("s3://b/cp", "/data/cp")]);
        assert_eq!(splits("s3://b/env=prod/cp=/x"), [("s3://b/env=prod/cp", "/x")]);
        assert_eq!(splits("file:/a=s3a://b/k=v"), [("file:/a", "s3a://b/k=v")]);
        assert_eq!(splits("/a=/b=/c").len(), 2);
        assert_eq!(splits("file:/a=here"), [("file:/a", "here")]);
        for none in ["/a", "a=/b", "=/b", "/a=", "/a=b=c"] {
            assert!(splits(none).is_empty(), "{none}");
        }
    }
}
