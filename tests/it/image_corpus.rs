//! Images of real Dockerfiles, compared with the stages and ENV pairs of BuildKit.

use std::path::Path;

use oomlint::hash::IndexMap;
use oomlint::model::image::{Base, BuildOptions, resolve, stages};
use oomlint::source::{Sources, TracedText};
use oomlint::syntax::dockerfile::parse;

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn real_files_resolve_as_buildkit_reads_them() {
    let shared = crate::common::shared();
    let sources = Sources::new();
    let (mut known, mut scratch, mut unknown, mut plain, mut entries, mut open) = (0, 0, Vec::new(), 0, 0, 0);
    for answer in crate::common::answers("dockerfile.jsonl.gz") {
        let name = answer["file"].as_str().expect("a name");
        let bytes = std::fs::read(shared.join("corpus").join(name)).expect("a corpus file");
        let id = sources.add(Path::new(name), bytes);
        let dockerfile = parse(id, sources.get(id).text());
        let stages = stages(&dockerfile);
        for index in 0..stages.len() {
            let target = TracedText::derived(index.to_string(), dockerfile.instructions[0].span);
            let options = BuildOptions { target: Some(target), args: IndexMap::default() };
            resolve(&dockerfile, &options).expect("every stage has an image");
        }
        if answer["builds"] != true {
            continue;
        }
        let theirs = answer["stages"].as_array().expect("stages");
        assert_eq!(stages.len(), theirs.len(), "{name}");
        for (ours, theirs) in stages.iter().zip(theirs) {
            assert_eq!(theirs["base"], ours.reference.as_str(), "{name}");
            let stage_name = ours.name.as_ref().map_or(String::new(), |name| name.as_str().to_lowercase());
            assert_eq!(theirs["name"], stage_name, "{name}");
        }
        let image = resolve(&dockerfile, &BuildOptions::default()).expect("it builds");
        match &image.base {
            Base::Reference(text) => {
                known += 1;
                assert!(!text.as_str().contains('$'), "{name}: {text}");
            }
            Base::Scratch => scratch += 1,
            Base::Unknown { variable, .. } => unknown.push(format!("{name}: {variable}")),
        }
        entries += image.env.len();
        open += image.env.values().filter(|entry| entry.value.is_err()).count();
        if stages.len() > 1 {
            continue;
        }
        let mut theirs: IndexMap<&str, &str> = IndexMap::default();
        for pair in answer["env"].as_array().expect("pairs") {
            theirs.insert(pair[0].as_str().expect("a name"), pair[1].as_str().expect("a value"));
        }
        assert_eq!(image.env.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{name}");
        for (key, value) in theirs.iter().filter(|(_, value)| !value.contains(['$', '"', '\'', '\\', '`'])) {
            let ours = image.env[*key].value.as_ref().expect("nothing to expand");
            assert_eq!(ours.as_str(), *value, "{name}: {key}");
            plain += 1;
        }
    }
    println!(
        "bases: {known} known, {scratch} scratch, {} unknown; {entries} variables, {open} unknown",
        unknown.len()
    );
    println!("{plain} plain values compared; unknown bases:\n{}", unknown.join("\n"));
    assert!(known > 1300, "{known} known bases");
    assert!(plain > 500, "{plain} plain values");
}
