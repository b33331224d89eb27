//! **The law** of resolution: Docker Compose and oomlint say the same about generated projects, verdict and every fact.
//!
//! `tests/differential` has the generator and the comparison, its README the commands. A difference fails the test unless it is
//! meant (`exceptions.py`) or its class is still open (`known.txt`). `OOMLINT_DIFFERENTIAL=5000` takes so many projects.

use std::path::Path;
use std::process::Command;

#[test]
fn docker_compose_and_oomlint_agree_on_generated_projects() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let count = std::env::var("OOMLINT_DIFFERENTIAL").unwrap_or_else(|_| "300".to_owned());
    let mut command = Command::new("python3");
    command.current_dir(root).args(["-B", "tests/differential/run.py", "--seed", "1", "--count", &count]);
    command.args(["--oomlint", env!("CARGO_BIN_EXE_oomlint")]);
    let Ok(output) = command.output() else {
        println!("skipped: there is no python3");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    // 77 is that of a test that is skipped: the reason is its output.
    let agrees = output.status.success() || output.status.code() == Some(77);
    assert!(agrees, "new differences\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
}
