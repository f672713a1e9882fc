//! The two clocks of the core. Linux has coarse versions of both, which lag by at most 4 ms: a reading takes 5 ns, a
//! precise one 50 to 60.

/// Reads a clock of the system.
#[cfg(unix)]
fn read(clock: libc::clockid_t) -> libc::timespec {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a timespec to write to.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time
}

/// Milliseconds of the monotonic clock, modulo 2^31: time limits on messages are measured in seconds.
#[cfg(unix)]
pub fn now() -> i32 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC_COARSE;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    let time = read(CLOCK);
    // Both fields are i64 here, and i32 on 32-bit platforms.
    #[allow(clippy::unnecessary_cast)]
    let (seconds, nanoseconds) = (time.tv_sec as i64, time.tv_nsec as i64);
    (seconds
        .wrapping_mul(1000)
        .wrapping_add(nanoseconds / 1_000_000)
        & 0x7fff_ffff) as i32
}

/// Milliseconds of a monotonic clock since the first call, modulo 2^31.
#[cfg(not(unix))]
pub fn now() -> i32 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    (START
        .get_or_init(std::time::Instant::now)
        .elapsed()
        .as_millis()
        & 0x7fff_ffff) as i32
}

/// Seconds since 1970.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn second() -> u64 {
    u64::try_from(read(libc::CLOCK_REALTIME_COARSE).tv_sec).unwrap_or(0)
}

/// Seconds since 1970.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn second() -> u64 {
    crate::serializer::date::second()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_monotonic_clock_does_not_go_back() {
        let before = super::now();
        assert!(before >= 0 && super::now() >= before);
    }

    #[test]
    fn the_coarse_second_is_that_of_the_system_or_the_one_before() {
        let (coarse, precise) = (super::second(), crate::serializer::date::second());
        assert!(
            precise.abs_diff(coarse) <= 1,
            "{coarse} is not near {precise}"
        );
    }
}
