//! The signature under a document: PAdES B-LTA by the operator's document key and the node's own authority.
//!
//! Four revisions, each judged by the next: the signature, its timestamp, what proves that nothing of it
//! was revoked, and a timestamp over it all (ETSI EN 319 142-1 section 6). None of it is left out.

use paper::signature::{DocumentStamp, Field, RESERVE_BYTES, SignatureError, prepare, with_validation_data};
use proof::cms::SignedData;
use proof::digest::{Digest, DigestAlgorithm};
use proof::verify::token_der;
use registry::web::{Fault, Node};
use trust::seal::DocumentSeal;

/// What fields of this program are called.
const FIELD: &str = "Shiyin";
/// Both timestamps are over this.
const IMPRINT: DigestAlgorithm = DigestAlgorithm::Sha256;

/// Room for a signature or a timestamp, in bytes: what common keys need, then what any does. The room is
/// written in full, so it is most of what a signature adds to a file.
const ROOMS: [usize; 2] = [10 << 10, 2 * RESERVE_BYTES];

/// Why a document was not sealed.
pub(crate) enum NotSealed {
    /// The node has no seal, or none that may sign now.
    NoSeal,
    /// The authority stamps nothing now.
    NoStamp,
    /// Something is broken.
    Fault(Fault),
}

impl NotSealed {
    /// The fault of a field, in the words of whoever asked for the document.
    pub(crate) fn fault(self, field: &'static str, no_seal: String, no_stamp: String) -> Fault {
        match self {
            Self::NoSeal => Fault::Field { field, what: no_seal },
            Self::NoStamp => Fault::Field { field, what: no_stamp },
            Self::Fault(fault) => fault,
        }
    }
}

/// The document, signed at PAdES B-LTA: all of that, or nothing.
///
/// # Errors
/// Where it was not; asking later may help.
pub(crate) async fn sealed(node: &Node, pdf: &[u8]) -> Result<Vec<u8>, NotSealed> {
    let seal = node.seal().ok_or(NotSealed::NoSeal)?;
    let [first, second] = ROOMS;
    let signed = match with_room(node, &seal, pdf, first).await {
        Err(Refused::Room) => with_room(node, &seal, pdf, second).await,
        other => other,
    };
    match signed {
        Ok(signed) => signed.ok_or(NotSealed::NoStamp),
        Err(Refused::Room) => Err(NotSealed::Fault(Fault::broken("a signature that is larger than any"))),
        Err(Refused::Fault(fault)) => Err(NotSealed::Fault(fault)),
    }
}

/// Why a document was not signed.
enum Refused {
    /// More room is needed.
    Room,
    /// Anything else.
    Fault(Fault),
}

impl From<SignatureError> for Refused {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Room { .. } => Self::Room,
            other => Self::Fault(Fault::broken(other)),
        }
    }
}

async fn with_room(node: &Node, seal: &DocumentSeal, pdf: &[u8], room: usize) -> Result<Option<Vec<u8>>, Refused> {
    let public = node.public();
    let identifier = seal.signature_identifier();
    let field = Field {
        name: FIELD,
        chain: seal.chain(),
        digest: seal.digest_algorithm(),
        signature_algorithm: &identifier,
        time: node.now(),
        signer: &public.instance.operator.name,
        reason: "",
        location: "",
        reserve: room,
    };
    let prepared = prepare(pdf, &field)?;
    let signature = seal.sign(prepared.attributes()).map_err(|cause| Refused::Fault(cause.into()))?;
    let signed = prepared.signed(signature)?;
    let Some(token) = stamp(node, &signed.imprint(IMPRINT)).await else { return Ok(None) };
    let stamped = signed.stamped(&token)?;
    // What a reader needs in ten years: both chains with their roots, and every list that speaks of them.
    let of_token = SignedData::parse(&token).map_err(|cause| Refused::Fault(Fault::broken(cause)))?;
    let roots = public.instance.suites.iter().map(|suite| suite.root.der.clone());
    let own = seal.chain().iter().cloned().chain([seal.root().to_vec()]);
    let theirs = of_token.certificates.iter().map(|der| der.to_vec());
    let mut certificates: Vec<Vec<u8>> = own.chain(theirs).chain(roots).collect();
    let mut lists: Vec<Vec<u8>> =
        seal.crls().iter().cloned().chain(of_token.crls.iter().map(|der| der.to_vec())).collect();
    for all in [&mut certificates, &mut lists] {
        all.sort();
        all.dedup();
    }
    let complete = with_validation_data(&stamped, &certificates, &lists, &[])?;
    let document = DocumentStamp::with_room(&complete, room)?;
    let Some(token) = stamp(node, &document.imprint(IMPRINT)).await else { return Ok(None) };
    Ok(Some(document.stamped(&token)?))
}

async fn stamp(node: &Node, imprint: &Digest) -> Option<Vec<u8>> {
    let response = node.stamp(imprint).await.ok()?;
    token_der(&response).ok().map(std::borrow::Cow::into_owned)
}
