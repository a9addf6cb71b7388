//! The rooms through the router, as visitors meet them.

mod accounts;
mod authorisation;
mod certificates;
mod costs;
mod device;
mod evidence;
mod numbers;
mod operation;
mod originals;
mod packages;
mod pages;
mod privacy;
mod reference;
mod reports;
mod shares;

use registry::accounts::Settings;
use registry::testing::{House, Rooms};
use trust::storage::Storage;

const ROOMS: Rooms = Rooms {
    nav: crate::navigation,
    listeners: &[],
    operations: crate::operations,
    router: |holdings| {
        let accounts = holdings.evidence().accounts();
        crate::router(holdings, None)
            .merge(registry::accounts::router(accounts.clone()))
            .merge(registry::billing::router(holdings.evidence().billing()))
    },
};

async fn house() -> House {
    opened(House::new(ROOMS).await).await
}

async fn house_on_postgres() -> House {
    opened(House::on_postgres(ROOMS).await).await
}

async fn house_with(settings: Settings) -> House {
    opened(House::with(ROOMS, Storage::default(), settings).await).await
}

async fn opened(house: House) -> House {
    crate::open(&house.evidence).await.unwrap();
    house
}
