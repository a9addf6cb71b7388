//! What several sources agree on, where some may be wrong (Marzullo's intersection, RFC 5905
//! section 11.2.1).

/// The span in which a source says that the time lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its lower end.
    pub low: i64,
    /// Its upper end, which belongs to it.
    pub high: i64,
}

/// What enough sources agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The middle of what all of them allow.
    pub middle: i64,
    /// How far that may be off as long as one of them is right: each that agrees may be the only
    /// honest one, so the furthest end of any of them counts, not the narrow common part.
    pub error: i64,
    /// Which of the spans agree.
    pub members: Vec<usize>,
}

/// The point that most spans share, where at least `quorum` do.
///
/// None where fewer share any point, or where two different points are shared by equally many:
/// then nobody knows which of them lie.
pub fn agree(spans: &[Span], quorum: usize) -> Option<Agreement> {
    // The deepest common part begins at the lower end of some span.
    let depth_at = |point: i64| spans.iter().filter(|s| s.low <= point && point <= s.high).count();
    let deepest = spans.iter().map(|s| depth_at(s.low)).max().filter(|depth| *depth >= quorum.max(1))?;
    let mut common: Option<Span> = None;
    for start in spans.iter().map(|s| s.low).filter(|low| depth_at(*low) == deepest) {
        let inside = spans.iter().filter(|s| s.low <= start && start <= s.high);
        let found = Span { low: start, high: inside.map(|s| s.high).min()? };
        match common {
            Some(known) if known != found => return None,
            _ => common = Some(found),
        }
    }
    let common = common?;
    let middle = common.low + (common.high - common.low) / 2;
    let members: Vec<usize> =
        spans.iter().enumerate().filter(|(_, s)| s.low <= middle && middle <= s.high).map(|(i, _)| i).collect();
    let reach = |i: &usize| (middle - spans[*i].low).max(spans[*i].high - middle);
    let error = members.iter().map(reach).max()?;
    Some(Agreement { middle, error, members })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(of: &[(i64, i64)]) -> Vec<Span> {
        of.iter().map(|(middle, error)| Span { low: middle - error, high: middle + error }).collect()
    }

    #[test]
    fn the_majority_wins_and_its_widest_member_bounds_the_error() {
        let found = agree(&spans(&[(100, 10), (104, 10), (900, 10)]), 2).unwrap();
        assert_eq!(found, Agreement { middle: 102, error: 12, members: vec![0, 1] });
        let wide = agree(&spans(&[(100, 10), (104, 500), (900, 10)]), 2).unwrap();
        assert_eq!(wide.middle, 100);
        assert_eq!(wide.error, 504, "the vague one may be the only honest one");
    }

    #[test]
    fn too_few_or_torn_is_no_agreement() {
        assert_eq!(agree(&spans(&[(100, 10), (900, 10)]), 2), None);
        assert_eq!(agree(&spans(&[(100, 10), (101, 10), (900, 10), (901, 10)]), 2), None, "two against two");
        assert_eq!(agree(&spans(&[(100, 10)]), 2), None);
        assert_eq!(agree(&[], 0), None);
        assert!(agree(&spans(&[(100, 10)]), 1).is_some());
    }

    #[test]
    fn spans_that_touch_agree() {
        let found = agree(&spans(&[(100, 10), (120, 10)]), 2).unwrap();
        assert_eq!((found.middle, found.error), (110, 20));
    }
}
