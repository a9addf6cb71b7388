//! Places for originals as the operator sets them: the configuration as the guide has it, and what the doctor says.

use super::{House, ended, text};
use std::path::Path;

#[test]
fn the_doctor_says_how_many_copies_there_are_and_which_place_is_out_of_reach() {
    let house = House::new("p256");
    let doctor = || house.run("doctor", &["--data", "data"]);
    let one = doctor();
    ended(&one, 0);
    assert!(text(&one).contains("! Originals are kept in one place only"), "{}", text(&one));

    // The configuration of the guide, with a service that is not there.
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operator/en/originals.md");
    let page = std::fs::read_to_string(page).unwrap();
    let block = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let block = block.replace("/srv/originals", "hall").replace("https://s3.example", "http://127.0.0.1:1");
    let block = block.replace("/etc/shiyin/originals-secret", "secret");
    house.write("data/shiyin.toml", block.as_bytes());
    house.write("data/secret", b"x\n");
    let two = doctor();
    ended(&two, 1);
    for line in
        ["! Originals: the place hall has neither a mark", "✗ Originals: the place away is out of reach", "in 2 places"]
    {
        assert!(text(&two).contains(line), "{line}: {}", text(&two));
    }
    assert!(!house.path("data/hall").exists(), "the doctor looks, and makes nothing");

    let folders = "[[vault.place]]\nname = \"a\"\nfolder = \"a\"\n[[vault.place]]\nname = \"b\"\nfolder = \"b\"\n";
    house.write("data/shiyin.toml", folders.as_bytes());
    for (name, mark) in [("a", "shiyin-vault-place-1 a\n"), ("b", "shiyin-vault-place-1 b\n")] {
        std::fs::create_dir(house.path("data").join(name)).unwrap();
        house.write(&format!("data/{name}/place"), mark.as_bytes());
    }
    let well = doctor();
    ended(&well, 0);
    assert!(text(&well).contains("✓ Originals are kept in 2 places"), "{}", text(&well));
    // Exchanged, they are out of reach and not taken for one another.
    house.write("data/shiyin.toml", folders.replace("folder = \"a\"", "folder = \"b\"").as_bytes());
    ended(&doctor(), 1);

    for (config, cause) in [
        ("[[vault.place]]\nname = \"a\"\n", "needs a folder or an s3"),
        ("[[vault.place]]\nname = \"a b\"\nfolder = \"a\"\n", "is no name for a place"),
        (
            "[[vault.place]]\nname = \"a\"\nfolder = \"a\"\n[[vault.place]]\nname = \"a\"\nfolder = \"b\"\n",
            "two places",
        ),
        ("[vault]\nplaces = 2\n", "unknown field"),
    ] {
        house.write("data/shiyin.toml", config.as_bytes());
        let refused = doctor();
        assert!(!refused.status.success() && text(&refused).contains(cause), "{}", text(&refused));
    }
}
