//! The figures of the whole instance, for its operator: counted beside the requests, read from memory.

use super::Holdings;
use super::model::Figures;
use proof::der::Time;
use std::sync::PoisonError;
use store::StoreError;

impl Holdings {
    /// Counts anew.
    pub(super) async fn count(&self) -> Result<(), StoreError> {
        let places = self.stores().names().count() as i64;
        let sql = "select \
            (select count(*) from holding where state <> 'removed'), \
            (select count(*) from holding where state = 'lost'), \
            (select count(*) from holding_copy where good_s > 0), \
            (select cast(coalesce(sum(bytes), 0) as bigint) from holding_copy where good_s > 0), \
            (select count(*) from holding_copy where good_s > 0 and state in ('damaged', 'missing', 'wrong')), \
            (select count(*) from holding_copy where state = 'unreachable'), \
            (select count(*) from holding h where h.state <> 'removed' and (select count(*) from holding_copy c \
             where c.holding = h.id and c.state in ('good', 'same', 'made', 'repaired')) < $1), \
            (select coalesce(max(count), 0) from holding_count where name = 'repaired'), \
            (select count(*) from upload where state <> 'done'), \
            (select min(checked_s) from holding_copy where good_s > 0)";
        let rows = self.db().rows(sql, &[places.into()]).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let count = |column| row.int(column).map(i64::unsigned_abs);
        let figures = Figures {
            holdings: count(0)?,
            lost: count(1)?,
            copies: count(2)?,
            bytes: count(3)?,
            bad: count(4)?,
            unreachable: count(5)?,
            short: count(6)?,
            repaired: count(7)?,
            uploads: count(8)?,
            oldest_check: row.maybe_int(9)?.map(Time::from_unix),
        };
        *self.0.figures.write().unwrap_or_else(PoisonError::into_inner) = figures;
        Ok(())
    }
}
