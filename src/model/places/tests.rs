//! Spellings, rebasing and what leads out of the checkpoint.

use super::*;

fn at(text: &str) -> Location {
    Location::parse_flink(text).unwrap()
}

fn places(rules: &[(&str, &str)]) -> Places<'static> {
    let home = Home::of(at("/cp/chk-7/_metadata"), false);
    let rules: Vec<_> = rules.iter().map(|(from, to)| (at(from), at(to))).collect();
    Places::new(home, Rebasing::stated(&rules, "_entropy_"))
}

#[test]
fn spellings_of_one_file_are_one_place() {
    let places = places(&[]);
    let same = |a: &'static str, b: &'static str| {
        assert_eq!(places.absolute(a.into()), places.absolute(b.into()), "{a} and {b}");
    };
    same("file:/cp/shared/a", "/cp/shared/a");
    same("file:///cp//shared/a", "/cp/shared/a");
    same("s3://b/shared/a", "s3a://b/shared/a");
    same("/cp/shared/q%20e/a", "/cp/shared/q e/a");
    same("/cp/shared/q%41", "/cp/shared/q%2541");
    same("/cp/shared/q/", "/cp/shared/q//");
    assert_ne!(places.absolute("/cp/shared/a".into()), places.absolute("/cp/shared/b".into()));
}

#[test]
fn many_directories_are_still_unified() {
    let paths: Vec<String> = (0..3000).map(|n| format!("/cp/{n}/u")).collect();
    let home = Home::of(at("/cp/chk-7/_metadata"), false);
    let places = Places::new(home, Rebasing::default());
    let uris: Vec<String> = paths.iter().map(|path| format!("file:{path}")).collect();
    for (path, uri) in paths.iter().zip(&uris) {
        let path = places.absolute(path.as_str().into());
        assert_eq!(path, places.absolute(uri.as_str().into()));
    }
}

#[test]
fn paths_are_shown_below_the_base_or_as_uris() {
    let places = places(&[("s3://b/cp", "/elsewhere")]);
    let shown = |path: &'static str| {
        let place = places.absolute(path.into());
        let directory = places.whereabouts(place.directory()).unwrap();
        (places.text(place), directory.is_outside(&places.home().base))
    };
    assert_eq!(shown("/cp/shared/a"), ("shared/a".into(), false));
    assert_eq!(shown("/cp/a"), ("a".into(), false));
    assert_eq!(shown("/other/a"), ("file:///other/a".into(), true));
    assert_eq!(shown("/a"), ("file:///a".into(), true));
    assert_eq!(shown("s3://b/cp/a"), ("file:///elsewhere/a".into(), false));
    assert!(places.has_used(0));
}

#[test]
fn a_rule_adds_a_place_to_look() {
    let places = places(&[("/old", "/cp")]);
    let place = places.absolute("/old/shared/a".into());
    assert_eq!(places.locations(place), [at("/cp/shared/a"), at("/old/shared/a")]);
}

#[test]
fn what_leads_out_is_not_followed() {
    let places = places(&[]);
    let is_suspicious = |place: Place<'_>| {
        let directory = places.whereabouts(place.directory()).unwrap();
        assert!(places.locations(place).is_empty());
        directory.is_suspicious(place.name().as_bytes())
    };
    let relative = StreamHandle::Relative { path: "../../etc/passwd".into(), size: 1 };
    let place = places.of(&relative).unwrap();
    assert!(is_suspicious(place));
    assert!(places.whereabouts(place.directory()).unwrap().is_outside(&places.home().base));
    assert!(is_suspicious(places.absolute("no path".into())));
    assert!(is_suspicious(places.absolute("/cp/..".into())));
}
