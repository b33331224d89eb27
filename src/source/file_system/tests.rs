use super::*;

#[cfg(unix)]
#[test]
fn every_way_out_is_seen_and_every_way_back() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |path: &str| scratch.path().join(path);
    for directory in ["in/a", "out"] {
        std::fs::create_dir_all(at(directory)).unwrap();
    }
    std::fs::write(at("in/a/file"), "inside").unwrap();
    std::fs::write(at("out/file"), "outside").unwrap();
    let link = |target: &str, path: &str| std::os::unix::fs::symlink(target, at(path)).unwrap();
    link("../out", "in/way");
    link("../out/none", "in/dangling");
    link("a/../../in/a/file", "in/back");
    link("circle", "in/circle");
    link("in", "alias");
    let disk = FileSystem::restricted_to(&at("alias")).unwrap();
    let outside = Err(LoadError::Outside(at("alias")));
    for path in ["in/a/file", "in/back", "alias/a/file", "in/a/../back", "out/../in/a/file"] {
        assert_eq!(disk.read(&at(path)), Ok(b"inside".to_vec()), "{path}");
    }
    for path in [
        "out/file",
        "out/none",
        "in/way/file",
        "in/dangling",
        "in/none/../../out/file",
        "in/way/../in/a/file",
    ] {
        assert_eq!(disk.read(&at(path)), outside, "{path}");
        assert_eq!(disk.entries(&at(path)).count(), 0, "{path}");
    }
    assert_eq!(disk.read(Path::new("/etc/passwd")), outside);
    assert_eq!(disk.read(&at("in/none/file")), Err(LoadError::NotFound));
    assert!(matches!(disk.read(&at("in/circle")), Err(LoadError::Io(_))));
    assert!(matches!(FileSystem::default().read(&at("in/circle")), Err(LoadError::Io(_))));
    assert_eq!(FileSystem::default().read(&at("in/way/file")), Ok(b"outside".to_vec()));
    assert_eq!(FileSystem::restricted_to(&at("none")).unwrap_err(), LoadError::NotFound);
    assert!(FileSystem::restricted_to(&at("out/file")).is_err());
}

/// Does what a concurrent thread could do between the check and the opening.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_becomes_a_link_does_not_lead_out() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |path: &str| scratch.path().join(path);
    for directory in ["in/a", "out"] {
        std::fs::create_dir_all(at(directory)).unwrap();
        std::fs::write(at(directory).join("file"), directory).unwrap();
    }
    let disk = FileSystem::restricted_to(&at("in")).unwrap();
    let place = disk.place(&at("in/a/file")).unwrap().into_owned();
    assert_eq!(disk.read_at(&place, 9), Ok(b"in/a".to_vec()));
    std::fs::rename(at("in/a"), at("in/b")).unwrap();
    std::os::unix::fs::symlink("../out", at("in/a")).unwrap();
    assert_eq!(disk.read_at(&place, 9), Err(LoadError::Outside(at("in"))));
    assert_eq!(FileSystem::default().read_at(&place, 9), Ok(b"out".to_vec()));
    // A path that was inside and no longer exists is `NotFound`, not `Outside`.
    std::fs::remove_file(at("in/a")).unwrap();
    assert_eq!(disk.read_at(&place, 9), Err(LoadError::NotFound));
}

#[test]
fn only_regular_files_of_a_bounded_size_are_read() {
    let scratch = tempfile::tempdir().unwrap();
    assert_eq!(FileSystem::default().read(scratch.path()), Err(LoadError::IsDirectory));
    let path = scratch.path().join("file");
    let file = File::create(&path).unwrap();
    file.set_len(MAX_FILE_SIZE).unwrap();
    assert_eq!(FileSystem::default().read(&path).unwrap().len() as u64, MAX_FILE_SIZE);
    file.set_len(MAX_FILE_SIZE + 1).unwrap();
    assert_eq!(FileSystem::default().read(&path), Err(LoadError::TooLarge));
    assert_eq!(FileSystem::default().read_prefix(&path, 3), Ok(vec![0; 3]));
    #[cfg(unix)]
    for device in ["/dev/zero", "/dev/null", "/dev/tty"] {
        let read = FileSystem::default().read(Path::new(device));
        assert!(matches!(read, Err(LoadError::NotRegular | LoadError::NotFound)), "{device}");
    }
}

#[test]
fn an_overlay_replaces_files_and_adds_others() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |path: &str| scratch.path().join(path);
    std::fs::write(at("file"), "on disk").unwrap();
    std::fs::write(at("other"), "on disk").unwrap();
    let overlay = [("file", "open"), ("new", "unsaved")].map(|(path, text)| (at(path), text.to_owned()));
    for disk in [FileSystem::default(), FileSystem::restricted_to(scratch.path()).unwrap().with_listings()] {
        let disk = disk.with_overlay(&overlay.clone().into());
        let read = |path: &str| disk.read(&at(path)).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(read("file").as_deref(), Ok("open"));
        assert_eq!(read("none/../new").as_deref(), Ok("unsaved"));
        assert_eq!(read("other").as_deref(), Ok("on disk"));
        assert_eq!(disk.read_prefix(&at("new"), 2), Ok(b"un".to_vec()));
        assert_eq!(disk.size(&at("file")), Ok(4));
        assert!(disk.is_file(&at("new")) && !disk.exists(&at("none")) && disk.may_read(&at("new")));
        let mut entries: Vec<PathBuf> = disk.entries(scratch.path()).collect();
        entries.sort();
        assert_eq!(entries, ["file", "new", "other"].map(at));
    }
}

#[test]
fn listings_are_kept_until_new_ones_are_asked_for() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    let disk = FileSystem::default().with_listings();
    assert!(!disk.exists(&file));
    std::fs::write(&file, "").unwrap();
    assert!(!disk.exists(&file));
    assert!(disk.with_listings().exists(&file) && FileSystem::default().exists(&file));
}

#[test]
fn an_overlay_is_laid_over_another() {
    let text = |text: &str| Overlay::from([(PathBuf::from("a"), text.to_owned())]);
    let below = Overlay::from([(PathBuf::from("b"), "kept".to_owned())]);
    let disk = FileSystem::default().with_overlay(&below).with_overlay(&text("1")).with_overlay(&text("2"));
    assert_eq!(disk.read(Path::new("a")), Ok(b"2".to_vec()));
    assert_eq!(disk.read(Path::new("b")), Ok(b"kept".to_vec()));
}

#[test]
fn a_file_is_no_directory() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("file"), "").unwrap();
    for disk in [FileSystem::default(), FileSystem::default().with_listings()] {
        assert_eq!(disk.entry_kind(&scratch.path().join("file/")), Err(LoadError::NotFound));
    }
}

#[test]
fn directories_of_an_overlay_exist() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |path: &str| scratch.path().join(path);
    let overlay = ["a/b/new", "a/b.txt"].map(|path| (at(path), String::new()));
    for disk in [FileSystem::default(), FileSystem::default().with_listings()] {
        let disk = disk.with_overlay(&overlay.clone().into());
        assert!(disk.is_dir(&at("a")) && disk.is_dir(&at("a/b")) && !disk.exists(&at("a/c")));
        assert_eq!(disk.added_below(&at("a")), ["b/new", "b.txt"].map(PathBuf::from));
        assert_eq!(disk.entries(&at("a/b")).collect::<Vec<_>>(), [at("a/b/new")]);
    }
}

#[test]
fn an_overlay_brings_its_directories() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |path: &str| scratch.path().join(path);
    std::fs::create_dir(at("old")).unwrap();
    let overlay = ["old/a", "new/a", "new/b/c"].map(|path| (at(path), String::new()));
    let disk = FileSystem::default().with_overlay(&overlay.into());
    let entries = |directory: &str| disk.first_entries(&at(directory), 9, |_| true);
    assert_eq!(entries(""), ["new", "old"].map(at));
    assert_eq!(entries("new"), ["new/a", "new/b"].map(at));
    assert!(disk.is_dir(&at("new/b")) && !disk.is_dir(&at("new/c")));
}

#[test]
fn in_memory_there_is_nothing_but_the_texts() {
    let files = Overlay::from([(PathBuf::from("src/a"), "text".to_owned())]);
    for disk in [FileSystem::in_memory(&files), FileSystem::in_memory(&files).with_listings()] {
        assert_eq!(disk.read(Path::new("./src/b/../a")), Ok(b"text".to_vec()));
        // The first is on the disk of whoever tests this, the second on every disk.
        let here = std::env::current_dir().unwrap();
        for path in [Path::new("Cargo.toml"), &here, Path::new("/")] {
            assert_eq!(disk.entry_kind(path), Err(LoadError::NotFound), "{path:?}");
            assert_eq!(disk.read(path), Err(LoadError::NotFound), "{path:?}");
            assert_eq!(disk.entries(path).next(), None, "{path:?}");
            let mut listed = 0;
            let _ = disk.list(path, |_, _| listed += 1);
            assert!(disk.canonical(path).is_err() && listed == 0, "{path:?}");
        }
        assert!(disk.may_read(Path::new("Cargo.toml")), "it is missing, not forbidden");
        assert_eq!(disk.current_dir(), Path::new(""));
    }
    let empty = FileSystem::in_memory(&Overlay::new());
    assert!(empty.is_dir(Path::new(".")) && empty.is_dir(Path::new("")) && !empty.is_dir(Path::new("src")));
}
