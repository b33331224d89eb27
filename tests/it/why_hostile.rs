//! Evidence that is made to take long.

use oomlint::postmortem::Verdict;

use crate::why::{answered, killed_line, read};
use crate::why_parts::LIST;

#[test]
fn hostile_evidence_is_bounded() {
    let mut broken = killed_line().into_bytes();
    broken.extend(b"\xff\xfe\0\x80 Killed process \xff (\n[[[[{\"a\":\n");
    broken.extend(b"oom-kill:constraint=\n,pid=\ntask_memcg=\n".repeat(3));
    broken.extend(b"[".repeat(100_000));
    broken.push(b'\n');
    broken.extend(b"{\"State\":".repeat(20_000));
    broken.push(b'\n');
    broken.extend(b"Killed process 1 (".repeat(50_000));
    let begun = std::time::Instant::now();
    let (sources, evidence) = read(&broken);
    assert_eq!(
        answered(&sources, &evidence).first().map(|answer| answer.verdict),
        Some(Verdict::MemoryLimit)
    );

    let seconds = begun.elapsed().as_secs();
    assert!(seconds < 60, "{seconds} seconds");
}

/// The time to read a text grows with its length, whatever its shape: a second and a half for twice a text that takes one would be
/// chance, four are the square.
#[test]
fn the_time_to_read_evidence_grows_with_its_length() {
    let event = "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"43e21b8b51a9\",\"Attributes\":{\"exitCode\":\"137\"}},\"time\":1}";
    let record = "{\"a\": 1, \"b\": [2, 3], \"text\": \"all is well\"},\n";
    let shapes: [(&str, &dyn Fn(usize) -> String); 4] = [
        ("an array on one line", &|count| format!("[{}{event}]\n", format!("{event},").repeat(count))),
        ("objects on one line", &|count| "{}".repeat(count * 40)),
        ("arrays that do not end", &|count| format!("{}{}", "{\"k\":[\n".repeat(70), record.repeat(count))),
        ("broken objects", &|count| "{\"a\": [1,\n".repeat(count * 4)),
    ];
    for (shape, text) in shapes {
        let seconds = |count: usize| {
            let text = text(count);
            let begun = std::time::Instant::now();
            let (_, evidence) = read(text.as_bytes());
            assert!(evidence.events.len() <= 50_000);
            begun.elapsed().as_secs_f64()
        };
        let (once, four) = (seconds(5_000), seconds(20_000));
        assert!(four < 0.5 + 9.0 * once, "{shape}: {once} seconds, and {four} for four times as much");
    }
}

/// Many kills together with many containers, each of which may have been killed.
#[test]
fn the_time_to_join_evidence_is_bounded() {
    let list = LIST.to_owned();
    let rows = (0..1_000).map(|at| {
        format!("{at:012x}   java:{at}   \"x\"   2 weeks ago   Exited (137) 5 days ago      c{at}\n")
    });
    let kills = (0..20_000).map(|at| {
        format!(
            "[1.5] Out of memory: Killed process {at} (java) total-vm:9kB, anon-rss:5518000kB, file-rss:0kB\n"
        )
    });
    let text: String = [list].into_iter().chain(rows).chain(kills).collect();
    let begun = std::time::Instant::now();
    let (sources, evidence) = read(text.as_bytes());
    assert_eq!(answered(&sources, &evidence).len(), 1_000);
    let seconds = begun.elapsed().as_secs();
    assert!(seconds < 60, "{seconds} seconds");
}
