//! A small reproducible source of chance: splitmix64.
//!
//! A crate's generator may change its stream with a release, and every fixture would change with it.
//! Not for secrets: real randomness comes from the system.
//!
//! Algorithm: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).

/// A stream of numbers that its seed decides.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A stream of its own for `purpose`, so that a new call in one place does not shift all others.
    pub fn fork(seed: u64, purpose: &str) -> Self {
        let mixed = purpose.bytes().fold(seed ^ GOLDEN, |state, byte| {
            mix(state ^ u64::from(byte)).wrapping_add(GOLDEN)
        });
        Self::new(mixed)
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        // The product of two 32-bit numbers fits; its upper half is below `bound`.
        (((self.bits() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number between `low` and `high`, both included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// A fraction in `0.0..1.0`.
    pub fn fraction(&mut self) -> f32 {
        // 24 bits: exactly what an f32 holds.
        (self.bits() >> 40) as f32 / 16_777_216.0
    }

    /// A number in `low..high`.
    pub fn within(&mut self, low: f32, high: f32) -> f32 {
        low + self.fraction() * (high - low)
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    /// Roughly normal with mean 0 and deviation 1: a sum of uniforms, so that no machine's `ln` or `cos` counts.
    pub fn normal(&mut self) -> f32 {
        let bits = self.bits();
        let sum: u32 = (0..4).map(|i| (bits >> (16 * i)) as u32 & 0xffff).sum();
        // Four uniforms of 16 bits: mean 2 * 65535, variance 4 * 65536² / 12.
        (sum as f32 - 131_070.0) / 37_837.2
    }

    /// One of `choices`, which is never empty where this is called with a literal list.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }
}

fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // The reference implementation's first numbers for seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let mut random = Random::new(1);
        for _ in 0..10_000 {
            assert!(random.below(3) < 3);
            assert!((5..=9).contains(&random.between(5, 9)));
            assert!((0.0..1.0).contains(&random.fraction()));
            assert!(random.normal().abs() < 4.0);
        }
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn each_purpose_has_its_own_stream() {
        let mut style = Random::fork(7, "style");
        let mut names = Random::fork(7, "names");
        assert_ne!(style.bits(), names.bits());
        assert_eq!(
            Random::fork(7, "style").bits(),
            Random::fork(7, "style").bits()
        );
    }
}
