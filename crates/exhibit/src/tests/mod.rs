//! The rooms through the router, as visitors meet them.

mod accounts;
mod authorisation;
mod evidence;
mod pages;
mod privacy;

use registry::accounts::Settings;
use registry::testing::{House, Rooms};
use trust::storage::Storage;

const ROOMS: Rooms = Rooms {
    nav: crate::navigation,
    listeners: &[],
    router: |evidence| crate::router(evidence).merge(registry::accounts::router(evidence.accounts().clone())),
};

async fn house() -> House {
    House::new(ROOMS).await
}

async fn house_on_postgres() -> House {
    House::on_postgres(ROOMS).await
}

async fn house_with(settings: Settings) -> House {
    House::with(ROOMS, Storage::default(), settings).await
}
