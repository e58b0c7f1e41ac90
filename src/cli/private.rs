//! Processes that hold text of users: no core dump of them is written, neither by the kernel nor by a handler.

/// Most bytes of a core dump: fewer than the smallest has, and the one value at which Linux does not call a handler either.
const CORE: u64 = 1;

/// From now on there is none of this process. Where the system does not let go of them, there is nothing to be done.
pub(super) fn no_core_dump() {
    #[cfg(unix)]
    if let Ok((_, most)) = rlimit::getrlimit(rlimit::Resource::CORE) {
        // Nobody but root may raise it, where it is 0 already.
        let most = most.min(CORE);
        let _ = rlimit::setrlimit(rlimit::Resource::CORE, most, most);
    }
}
