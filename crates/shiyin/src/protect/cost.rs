//! What a record would cost, told before anything of it is sent, and agreed to.
//!
//! Where nothing costs anything there is no word of it. What is agreed to is one list of prices: under another the node makes
//! nothing. Where nobody can be asked, the command line must have agreed beforehand. It is the most that it costs: what is a
//! record already is not paid for again.

use super::Mode;
use super::item::Item;
use crate::complain;
use crate::exit::{Exit, Failure};
use crate::node::Node;
use crate::node::refusal::Refusal;
use crate::words::Words;
use clap::ArgMatches;
use registry::billing::money::Currency;
use serde::Deserialize;
use std::io::{IsTerminal as _, Write as _};

/// Bytes of a gigabyte, as the lists count them.
const GIGABYTE: u64 = 1_000_000_000;
/// Files that one question is about.
const UNITS_MAX: usize = 10_000;

/// What the command line says of cost.
pub struct Terms {
    agrees: bool,
    most: Option<String>,
    may_ask: bool,
}

/// What the node says.
#[derive(Deserialize)]
struct Quote {
    cost: Option<Cost>,
}

#[derive(Deserialize)]
struct Cost {
    price_version: i64,
    currency: String,
    unit_price: i64,
    gigabyte_price: i64,
    free_units: i64,
    amount: i64,
    balance: i64,
    credit: i64,
    enough: bool,
}

impl Terms {
    /// Those of a command, which asks where a person is at it.
    pub fn of(matches: &ArgMatches) -> Self {
        let has_person = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let most = matches.get_one::<String>("cost-max").cloned();
        Self { agrees: matches.get_flag("yes"), most, may_ask: has_person && !matches.get_flag("json") }
    }

    /// Those of a command that runs for long: nobody is asked.
    pub fn unasked(matches: &ArgMatches) -> Self {
        Self { may_ask: false, ..Self::of(matches) }
    }
}

/// Begun gigabytes of what is deposited, for each record.
fn gigabytes((mode, is_each): (Mode, bool), items: &[Item]) -> u64 {
    match (mode, is_each) {
        (Mode::Deposit, true) => items.iter().map(|item| item.size.div_ceil(GIGABYTE)).sum(),
        (Mode::Deposit, false) => items.iter().map(|item| item.size).sum::<u64>().div_ceil(GIGABYTE),
        _ => 0,
    }
}

/// The list of prices that is agreed to; none where nothing costs anything.
pub fn agree(
    node: &Node,
    terms: &Terms,
    kept: (Mode, bool),
    items: &[Item],
    words: &Words,
) -> Result<Option<i64>, Refusal> {
    let asked = items.len().min(UNITS_MAX);
    let answer = node.client.get(&format!("/api/v1/quote?units={asked}"), words)?;
    let wrong = || super::send::odd(node, "cost", words);
    let quote: Quote = serde_json::from_value(answer).map_err(|_| wrong())?;
    let Some(cost) = quote.cost else { return Ok(None) };
    let currency = Currency::parse(&cost.currency).ok_or_else(wrong)?;
    let gigabytes = gigabytes(kept, items);
    let further = i64::try_from(items.len() - asked).ok().and_then(|count| cost.unit_price.checked_mul(count));
    let originals = i64::try_from(gigabytes).ok().and_then(|count| cost.gigabyte_price.checked_mul(count));
    let sum = further.zip(originals).and_then(|(further, originals)| further.checked_add(originals));
    let amount = sum.and_then(|sum| cost.amount.checked_add(sum)).ok_or_else(wrong)?;
    let values = [
        ("cost", currency.show(amount)),
        ("left", currency.show(cost.balance.saturating_add(cost.credit))),
        ("count", items.len().to_string()),
        ("free", cost.free_units.to_string()),
        ("gigabytes", gigabytes.to_string()),
        ("price", cost.price_version.to_string()),
        ("server", node.client.base.clone()),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    let is_short = amount > cost.balance.saturating_add(cost.credit);
    complain(
        &words.say(if cost.gigabyte_price > 0 && gigabytes > 0 { "cost-originals" } else { "cost-told" }, &values),
    );
    if amount > 0 && (is_short || !cost.enough) {
        complain(&words.say(if is_short { "cost-short" } else { "cost-free-used" }, &values));
    }
    if amount > 0 {
        agreed(terms, amount, currency, words)?;
    }
    Ok(Some(cost.price_version))
}

/// Whether so much may be spent.
fn agreed(terms: &Terms, amount: i64, currency: Currency, words: &Words) -> Result<(), Failure> {
    let refused = |id: &str, values: &[(&str, &str)]| Failure::new(Exit::Usage, words.say(id, values));
    if let Some(text) = &terms.most {
        // An amount may name its currency, and is then good for no other.
        let plain = text.trim().strip_prefix(currency.code()).unwrap_or(text);
        let values = [("most", text.as_str()), ("currency", currency.code())];
        let most = currency.amount(plain).ok_or_else(|| refused("cost-max-wrong", &values))?;
        return if amount <= most { Ok(()) } else { Err(refused("cost-over", &values)) };
    }
    if terms.agrees {
        return Ok(());
    }
    if !terms.may_ask {
        return Err(refused("cost-unasked", &[]));
    }
    let _ = write!(std::io::stderr(), "{} ", words.say("cost-ask", &[]));
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    match read.is_ok() && ["y", "yes", "是"].contains(&line.trim().to_lowercase().as_str()) {
        true => Ok(()),
        false => Err(refused("protect-not", &[])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::report::Language;

    #[test]
    fn an_amount_binds_its_currency_and_nobody_is_asked_where_nobody_is() {
        let words = Words::new(Language::En);
        let terms = |most: Option<&str>, agrees| Terms { agrees, most: most.map(str::to_owned), may_ask: false };
        let is_agreed = |terms: &Terms, amount| agreed(terms, amount, Currency::CNY, &words).is_ok();
        assert!(is_agreed(&terms(None, true), 5_000) && !is_agreed(&terms(None, false), 1));
        for (most, amount, right) in [
            ("12.50", 1_250, true),
            ("12.50", 1_251, false),
            ("CNY 12.50", 1_250, true),
            ("CNY12", 1_201, false),
            ("USD 100", 1, false),
            ("0", 1, false),
            ("-1", 1, false),
            ("much", 1, false),
        ] {
            assert_eq!(is_agreed(&terms(Some(most), false), amount), right, "{most} {amount}");
        }
        // What is named counts before an agreement to everything.
        assert!(!is_agreed(&terms(Some("1"), true), 101));
    }

    #[test]
    fn gigabytes_are_begun_for_each_record() {
        let item = |size: u64| Item { size, ..Item::made("a", Vec::new(), false) };
        let items = [item(1), item(GIGABYTE), item(GIGABYTE + 1), item(0)];
        assert_eq!(gigabytes((Mode::Deposit, true), &items), 4);
        assert_eq!(gigabytes((Mode::Deposit, false), &items), 3);
        assert_eq!(gigabytes((Mode::Digest, false), &items), 0);
    }
}
