use super::*;
use crate::source::{SourceId, Span};

fn text(text: &str) -> TracedText {
    TracedText::verbatim(text, Span::new(SourceId(0), 0, text.len()))
}

/// The keys and values, each value as the bytes at its span.
fn read(file: &str, name: &str) -> Option<Vec<String>> {
    let found = entries(&text(file), Language::of(name, file))?;
    let shown = found.into_iter().map(|entry| {
        let section = if entry.section.is_empty() { String::new() } else { format!("[{}] ", entry.section) };
        match entry.value {
            Some(value) => {
                let span = value.span();
                assert_eq!(&file[span.range()], value.as_str(), "{file}");
                assert!(file[..span.start as usize].ends_with(&entry.lead), "{file}: {:?}", entry.lead);
                format!("{section}{}={value}", entry.key)
            }
            None => format!("{section}{} is not told", entry.key),
        }
    });
    Some(shown.collect())
}

#[test]
fn lines_have_a_name_and_a_value() {
    let file = "# maxmemory 1gb\r\nmaxmemory 256mb\r\n  save \"\"\nshared_buffers = '1GB' # a quarter\n\
                work_mem=64MB# x\n[mysqld]\nskip-name-resolve\ninnodb-buffer-pool-size = 1G ; x\n\
                include 'other.conf'\n!includedir /etc/x/\nmax_mem: 1G\nmax_mem:2G";
    let expected = [
        "maxmemory=256mb",
        "save=",
        "shared_buffers=1GB",
        "work_mem=64MB# x",
        "[mysqld] skip-name-resolve=",
        "[mysqld] innodb-buffer-pool-size=1G ; x",
        "[mysqld] include=other.conf",
        "[mysqld] !includedir=/etc/x/",
        "[mysqld] max_mem=1G",
        "[mysqld] max_mem=2G",
    ];
    assert_eq!(read(file, "x.conf").unwrap(), expected);
}

#[test]
fn yaml_keys_are_joined() {
    let file = "storage:\n  wiredTiger:\n    engineConfig:\n      cacheSizeGB: 0.5 # x\n  list: [1]\nnet.port: \"1\"\n";
    let expected = ["storage.wiredTiger.engineConfig.cacheSizeGB=0.5", "net.port=1"];
    assert_eq!(read(file, "mongod.conf").unwrap(), expected);
    assert_eq!(read(file, "x.yml").unwrap(), expected);
    for broken in ["a: &x 1\nb: *x\n", "a: [\n", "a: 1\n---\nb: 2\n"] {
        assert_eq!(read(broken, "x.yaml"), None, "{broken}");
    }
}

#[test]
fn xml_names_are_joined_below_the_outermost() {
    let file = "<?xml version=\"1.0\"?>\n<clickhouse>\n <!-- <a>1</a> -->\n <max_server_memory_usage> 5 \
                </max_server_memory_usage><logger><level>trace</level></logger>\n<b from_env=\"B\"/><c incl=\"x\">1</c></clickhouse>\n";
    let expected = ["max_server_memory_usage=5", "logger.level=trace", "b is not told", "c is not told"];
    assert_eq!(read(file, "config.xml").unwrap(), expected);
    for broken in ["<a><b></a>", "<a>", "</a>", "<a><![CDATA[x]]></a>", "<a", "<>"] {
        assert_eq!(read(broken, "x.xml"), None, "{broken}");
    }
}

#[test]
fn flags_of_the_jvm_are_for_versions() {
    let file = "## heap\n-Xms1g\n  -Xmx1g  \n8-13:-XX:+UseG1GC\n14-:-XX:X\n8:-XX:Y\nx\n";
    let flags = |major| {
        let found = jvm_options(&text(file), major);
        let shown =
            |found: &JvmFlag| format!("{}{}", found.flag, if found.certain { "" } else { " perhaps" });
        found.iter().map(shown).collect::<Vec<_>>()
    };
    let open = ["-XX:+UseG1GC perhaps", "-XX:X perhaps", "-XX:Y perhaps"];
    assert_eq!(flags(None), [&["-Xms1g", "-Xmx1g"][..], &open].concat());
    assert_eq!(flags(Some(8)), ["-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-XX:Y"]);
}

#[test]
fn several_flags_may_be_in_one_line() {
    let found = jvm_options(&text("8-:-Xms1g -Xmx2g\n# -Xmx3g\n"), Some(17));
    let flags: Vec<&str> = found.iter().map(|found| found.flag.as_str()).collect();
    assert_eq!(flags, ["-Xms1g", "-Xmx2g"]);
}

#[test]
fn keys_are_mentioned_where_they_stand_as_words() {
    for (file, key, expected) in [
        ("jetstream { max_mem: 1G }", "max_mem", true),
        ("max_memory_store: 1G", "max_mem", false),
        ("maxmemory-policy noeviction", "maxmemory", false),
        ("# maxmemory 1gb\n; maxmemory\nx 1 # maxmemory", "maxmemory", false),
        ("x MaxMemory 1", "maxmemory", true),
        ("x=$maxmemory\nsize maxmemory\n", "maxmemory", false),
        ("rename = {maxmemory, x}", "maxmemory", false),
        ("server.memory.heap.max_size 1g", "server.memory.heap.max_size", true),
        ("server.memory.heap.max_size.x", "server.memory.heap.max_size", false),
        ("other.max_size=1g", "server.memory.heap.max_size", false),
        ("memory: {heap: {max_size: 1g}}", "server.memory.heap.max_size", true),
        ("innodb_buffer_pool_size=1", "innodb-buffer-pool-size", true),
    ] {
        assert_eq!(mentions(&without_comments(file), key), expected, "{file} {key}");
    }
}

#[test]
fn names_are_the_same_however_they_are_spelled() {
    for name in ["innodb_buffer_pool_size", "innodb-buffer-pool-size", "loose_INNODB_buffer_pool_size"] {
        assert!(same_key(name, "innodb_buffer_pool_size"), "{name}");
    }
    assert!(!same_key("innodb_buffer_pool_size_max", "innodb_buffer_pool_size"));
}

#[test]
fn a_file_with_too_many_settings_is_not_read() {
    let file = "a 1\n".repeat(MAX_ENTRIES + 1);
    assert_eq!(entries(&text(&file), Language::Lines), None);
}

proptest::proptest! {
    /// Any text is read without a panic, and every value is where its span says.
    #[test]
    fn any_text_is_read(file in "[a-z<>/=:#'\"\\[\\]& \n\t-]{0,80}", kind in 0..3_usize) {
        let language = [Language::Lines, Language::Yaml, Language::Xml][kind];
        for entry in entries(&text(&file), language).unwrap_or_default() {
            // An empty one at the end of the file has no bytes of its own.
            if let Some(value) = entry.value.filter(|value| !value.as_str().is_empty()) {
                proptest::prop_assert_eq!(&file[value.span().range()], value.as_str());
            }
        }
    }
}
