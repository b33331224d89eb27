//! Messages of runtimes, servers and watchers when memory is short or a process was killed, with their meanings.

use crate::catalog::RuntimeName;

/// The meaning of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A runtime reached the limit that it has set itself: its heap, the memory of a script.
    OwnLimit,
    /// A runtime reached the limit of the memory for classes, which is no heap.
    Metaspace,
    /// A runtime reached the limit of the memory for buffers, which is no heap.
    DirectMemory,
    /// A program asked the system for memory and got none.
    Refused,
    /// No thread could be started.
    NoThread,
    /// A program does not start with these memory settings.
    BadSetting,
    /// `/dev/shm` is full.
    SharedMemory,
    /// A process was killed with signal 9, and nobody says why.
    ChildKilled,
    /// A watcher or orchestrator ends the container because its healthcheck fails.
    Unhealthy,
    /// The engine waited for a container to stop, in vain.
    StopTimeout,
    /// A step of an image's build was killed.
    Build,
    /// Not memory, although the lines near it mention memory.
    NotMemory,
}

/// Line patterns: the parts that a line has in this order, what it means, who says it, and what.
pub(super) type Pattern = (&'static [&'static str], Sign, &'static str, &'static str);

pub(super) const JVM: &str = "the JVM";
pub(super) const NODE: &str = "Node";
const DOTNET: &str = ".NET";
const PHP: &str = "PHP";
pub(super) const SWARM: &str = "Swarm";

/// The runtimes of those who say it.
pub(super) const RUNTIMES: [(&str, RuntimeName); 4] = [
    (JVM, RuntimeName::Java),
    (NODE, RuntimeName::Node),
    (DOTNET, RuntimeName::Dotnet),
    (PHP, RuntimeName::Php),
];

/// The patterns; the first that fits counts.
pub(super) const PATTERNS: &[Pattern] = &[
    (
        &["pthread_create failed (EPERM)"],
        Sign::NotMemory,
        JVM,
        "a thread cannot be started: EPERM, the engine refuses the call",
    ),
    (
        &["os::commit_memory", "Operation not permitted"],
        Sign::NotMemory,
        JVM,
        "the kernel refuses the call: it is not permitted",
    ),
    (
        &["Terminating due to java.lang.OutOfMemoryError"],
        Sign::OwnLimit,
        JVM,
        "the heap is full, and the JVM ends",
    ),
    (
        &["OutOfMemoryError", "unable to create", "native thread"],
        Sign::NoThread,
        JVM,
        "no thread can be started: memory or the number of processes",
    ),
    (&["OutOfMemoryError", "Metaspace"], Sign::Metaspace, JVM, "the metaspace is full"),
    (
        &["OutOfMemoryError", "Compressed class space"],
        Sign::Metaspace,
        JVM,
        "the compressed class space is full",
    ),
    (&["OutOfMemoryError", "irect buffer memory"], Sign::DirectMemory, JVM, "the direct memory is full"),
    (&["OutOfDirectMemoryError"], Sign::DirectMemory, JVM, "the direct memory is full"),
    (&["java.lang.OutOfMemoryError"], Sign::OwnLimit, JVM, "the heap is full"),
    (
        &["There is insufficient memory for the Java Runtime"],
        Sign::Refused,
        JVM,
        "the system has no memory for the JVM",
    ),
    (&["Native memory allocation", "failed to "], Sign::Refused, JVM, "the system has no memory for the JVM"),
    (
        &["Could not reserve enough space for", "object heap"],
        Sign::Refused,
        JVM,
        "the heap does not fit into the memory",
    ),
    (&["Invalid maximum heap size"], Sign::BadSetting, JVM, "the maximum heap size is invalid"),
    (&["Invalid initial heap size"], Sign::BadSetting, JVM, "the initial heap size is invalid"),
    (
        &["Initial heap size set to a larger value than the maximum heap size"],
        Sign::BadSetting,
        JVM,
        "the initial heap is larger than the maximum",
    ),
    (&["Too small maximum heap"], Sign::BadSetting, JVM, "the maximum heap is too small"),
    (&["JavaScript heap out of memory"], Sign::OwnLimit, NODE, "the heap of V8 is full"),
    (&["Reached heap limit Allocation failed"], Sign::OwnLimit, NODE, "the heap of V8 is full"),
    (&["ERR_WORKER_OUT_OF_MEMORY"], Sign::OwnLimit, NODE, "the heap of a worker is full"),
    (
        &["Worker terminated due to reaching memory limit"],
        Sign::OwnLimit,
        NODE,
        "the heap of a worker is full",
    ),
    (&["FATAL ERROR:", "process out of memory"], Sign::OwnLimit, NODE, "V8 got no memory"),
    (&["fatal error: runtime: out of memory"], Sign::Refused, "Go", "the runtime got no memory"),
    (&["fatal error: runtime: cannot allocate memory"], Sign::Refused, "Go", "the runtime got no memory"),
    (&["runtime: out of memory: cannot allocate"], Sign::Refused, "Go", "the runtime got no memory"),
    (&["fatal error: out of memory"], Sign::Refused, "Go", "the runtime got no memory"),
    (&["System.OutOfMemoryException"], Sign::OwnLimit, DOTNET, "the garbage collector's heap is full"),
    (&["Out of memory.", "at System."], Sign::OwnLimit, DOTNET, "the garbage collector's heap is full"),
    (&["GC heap initialization failed"], Sign::Refused, DOTNET, "the heap does not fit into the memory"),
    (
        &["Failed to create CoreCLR", "0x8007000E"],
        Sign::Refused,
        DOTNET,
        "the heap does not fit into the memory",
    ),
    (
        &["Allowed memory size of", "bytes exhausted"],
        Sign::OwnLimit,
        PHP,
        "the script reached its `memory_limit`",
    ),
    (&["PHP Fatal error:", "Out of memory (allocated"], Sign::Refused, PHP, "the script got no memory"),
    (&["failed to allocate memory (NoMemoryError)"], Sign::Refused, "Ruby", "the interpreter got no memory"),
    (&["NoMemoryError"], Sign::Refused, "Ruby", "the interpreter got no memory"),
    (&["_ArrayMemoryError"], Sign::Refused, "NumPy", "an array got no memory"),
    (
        &["CUDA out of memory"],
        Sign::OwnLimit,
        "PyTorch",
        "the memory of the graphics card is full: no limit of the container",
    ),
    (
        &["OSError: [Errno 12] Cannot allocate memory"],
        Sign::Refused,
        "Python",
        "the system has no memory for the process",
    ),
    (&["MemoryError"], Sign::Refused, "Python", "the interpreter got no memory"),
    (&["memory allocation of", "bytes failed"], Sign::Refused, "Rust", "an allocation got no memory"),
    (&["std::bad_alloc"], Sign::Refused, "C++", "an allocation got no memory"),
    (
        &["OOM command not allowed when used memory > 'maxmemory'"],
        Sign::OwnLimit,
        "Redis",
        "`maxmemory` is reached: writes are refused",
    ),
    (
        &["Can't save in background: fork: Cannot allocate memory"],
        Sign::Refused,
        "Redis",
        "no memory for the process that saves",
    ),
    (
        &["Cannot allocate memory for the buffer pool"],
        Sign::Refused,
        "MySQL",
        "the buffer pool does not fit into the memory",
    ),
    (
        &["could not map anonymous shared memory: Cannot allocate memory"],
        Sign::Refused,
        "PostgreSQL",
        "`shared_buffers` does not fit into the memory",
    ),
    (
        &["could not resize shared memory segment", "No space left on device"],
        Sign::SharedMemory,
        "PostgreSQL",
        "`/dev/shm` is full",
    ),
    (&["/dev/shm", "No space left on device"], Sign::SharedMemory, "the program", "`/dev/shm` is full"),
    (&["No space left on device", "/dev/shm"], Sign::SharedMemory, "the program", "`/dev/shm` is full"),
    (
        &["is killed by signal: Bus error", "shared memory"],
        Sign::SharedMemory,
        "PyTorch",
        "`/dev/shm` is full",
    ),
    (&["insufficient shared memory (shm)"], Sign::SharedMemory, "PyTorch", "`/dev/shm` is full"),
    (
        &["Creating shared memory in /dev/shm/", "failed"],
        Sign::SharedMemory,
        "Chromium",
        "`/dev/shm` is full",
    ),
    (
        &["server process (PID", "was terminated by signal 9"],
        Sign::ChildKilled,
        "PostgreSQL",
        "a backend was killed, and the database restarts",
    ),
    (&["Worker (pid:", "was sent SIGKILL!"], Sign::ChildKilled, "gunicorn", "a worker was killed"),
    (
        &["Worker with pid", "was terminated due to signal 9"],
        Sign::ChildKilled,
        "gunicorn",
        "a worker was killed",
    ),
    (&["DAMN ! worker", "killed by signal 9"], Sign::ChildKilled, "uWSGI", "a worker was killed"),
    (&["WorkerLostError", "signal 9"], Sign::ChildKilled, "Celery", "a worker was killed"),
    (&["child", "exited on signal 9 (SIGKILL"], Sign::ChildKilled, "PHP-FPM", "a worker was killed"),
    (&["worker process", "exited on signal 9"], Sign::ChildKilled, "nginx", "a worker was killed"),
    (&["child pid", "exit signal Killed (9)"], Sign::ChildKilled, "Apache", "a worker was killed"),
    (
        &["DataLoader worker (pid", "is killed by signal: Killed"],
        Sign::ChildKilled,
        "PyTorch",
        "a worker was killed",
    ),
    (
        &["A process in the process pool was terminated abruptly"],
        Sign::ChildKilled,
        "Python",
        "a worker ended without a word",
    ),
    (
        &["exited unexpectedly, with exit code 137"],
        Sign::ChildKilled,
        "Elasticsearch",
        "the server was killed with signal 9",
    ),
    (
        &["found to be unhealthy - Restarting container now"],
        Sign::Unhealthy,
        "autoheal",
        "the container is restarted because its healthcheck fails",
    ),
    (
        &["dockerexec: unhealthy container"],
        Sign::Unhealthy,
        SWARM,
        "the task is replaced because its healthcheck fails",
    ),
    (&["task: non-zero exit (137)"], Sign::ChildKilled, SWARM, "the task ended with 137, which is signal 9"),
    (
        &["ailed to exit within", "of signal 15", "using the force"],
        Sign::StopTimeout,
        "the engine",
        "it did not stop within its grace period, and was killed",
    ),
    (
        &["StopSignal SIGTERM failed to stop container", "resorting to SIGKILL"],
        Sign::StopTimeout,
        "Podman",
        "it did not stop within its grace period, and was killed",
    ),
    (
        &["The command '", "returned a non-zero code: 137"],
        Sign::Build,
        "the builder",
        "a step of the build was killed",
    ),
    (
        &["did not complete successfully: exit code: 137"],
        Sign::Build,
        "the builder",
        "a step of the build was killed",
    ),
    (
        &["did not complete successfully: signal: killed"],
        Sign::Build,
        "the builder",
        "a step of the build was killed",
    ),
    (&["failed to build: ", "exit code: 137"], Sign::Build, "the builder", "a step of the build was killed"),
];
