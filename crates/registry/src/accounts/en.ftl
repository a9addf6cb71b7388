# Shared
list-comma = ,{ " " }
colon = :{ " " }
name = Name
name-help = Members of your organisations and the operator see it. It is not checked.
name-wrong = Give 1 to 120 characters.
mail = E-mail
mail-help = To sign in, to recover the account and for security notices. It is not public.
mail-wrong = This cannot be an address for mail. Check it; for example lin@example.org.
password = Password
password-new = New password
password-help = At least 10 characters; a sentence will do. Any characters, and no need to change it every so often.
password-short = That is too short. Use at least 10 characters.
password-long = That is too long. Use at most 256 characters.
password-guessable = That is easily guessed: it holds your name or address, a run such as 123456, or few different characters. Choose another.
password-set = After a change all other devices sign in anew.
password-none = No password is set; you sign in with a passkey.
password-change = Change password
save = Save
remove = Remove
made = Made
used = Last used
since = Since
until = Until
state = State
digest = Digest
roles = Roles
settings = Settings
operator = Operation
take-back = Take back
code = Code
code-act = Continue
code-help = Eight letters or digits, in either case. Good for an hour.
code-lead = A mail is on its way to the address that you gave. Type the code from it here, in the browser in which you began.
code-part = The code from the mail
code-part-note = If nothing comes, look among unwanted mail or ask the operator.
code-wrong = That is not the code. Tries left: { $left }.
code-over = That is not the code, and no tries are left. Begin again.
code-gone = The code is no longer good, or you began in another browser. Begin again.
called-you = you
called-node = this node
called-anyone = a visitor
called-erased = erased ({ $id })
last-operator = There must be an administrator. Appoint another one first.

# Registering
register = Register
register-lead = With an account you can protect works and keep proofs. Verifying a file needs none.
register-part = New account
register-part-note = No telephone number is needed.
register-act = Send the code
register-invited = This node takes only those who were invited.
register-invited-note = Use the address at which you were invited.
consent = Terms of use
consent-data = Personal data
consent-needed = Read this and tick it to go on.
consent-terms-text = I agree to the terms of use: I ask for timestamps only over content that I may handle; a timestamp shows that content existed no later than the time it states, not who made it, and takes the place of no registration or notary; I keep and use the account myself.
consent-privacy-text = I know and agree that, to provide the account, this node keeps my name, address for mail, devices and network addresses of sign-ins, a record of acts, and what I enter for works with names and digests of files; that this is kept encrypted while the account lasts, network logs for six months at least; that after erasure stamped records, in which names and titles are commitments alone, digests of files and timestamps remain; and that I may see, copy, correct, export and erase it, and withdraw this consent.
consent-identity-text = I agree separately that, to check who I am, this node handles the name and number of my paper and the pictures that I upload, which are sensitive personal data, for this check only; that the pictures are deleted the stated days after the decision, and that others see name and number masked. Without it everything else still works.
consent-identity-provider =  If I choose comparison, name, state, kind and number of the paper are given to { $name }.
consent-show-name-text = I agree separately that my name is shown on public verification pages. Without it they show no name, except to who holds the secret of a link.

# First administrator
administrator = Become the administrator
administrator-lead = The one-time token shown when this node was set up makes one account its administrator, once.
administrator-part = One-time token
administrator-note = If it was lost, run shiyin operator-token on the server for a new one; the old one ends with that.
administrator-token = Token
administrator-token-help = The 64 characters shown by shiyin setup or shiyin operator-token.
administrator-mail-help = Check it yourself: no code is sent.
administrator-act = Become the administrator
administrator-wrong = That is not the token, or it was used. Run shiyin operator-token on the server.
administrator-known = There is an account with this address. Sign in with it and come back to this page.

# Signing in
sign-in = Sign in
sign-in-part = Your account
sign-in-note = Verifying a file and reading the public record need no account.
sign-in-passkey = Sign in with a passkey
sign-in-passkey-note = With the fingerprint, face or screen lock of your device; no password is sent. Or use your password below.
sign-in-act = Sign in
sign-in-lost = Lost password
sign-in-register = Register
sign-in-wrong = Address or password is wrong. Tries left: { $left }. You can also use a passkey or set a new password.
second-lead = The password is right. Your second factor is needed as well.
second-part = Second factor
second-code = Code of the app, or a recovery code
second-help = The six digits of your authenticator app, or one of your unused recovery codes.
second-wrong = That code is wrong or was used. Wait for the next one.
again = Prove that it is you
again-lead = What follows concerns the security of the account or cannot be undone, so prove once more that it is you. It holds for 15 minutes.
again-part = Prove again
again-note = With a passkey or your password.
again-act = Continue
sign-out = Sign out
sign-out-note = Ends the session on this device only.

# Recovering
recover = Set a new password
recover-lead = Give the address of the account. If there is one, a code is sent to it.
recover-part = Recover
recover-note = The page is the same whether there is such an account or not.
recover-act = Send the code
recover-code-lead = Type the code from the mail and a new password, in the browser in which you began.
recover-second-help = Only where you have set up codes of an app. If everything is lost, ask the operator.
recover-finish = Set the password

# The account
account = Account
account-who = Who you are
account-who-note = This is kept encrypted; without its key nobody can read it.
account-since = Since
account-id = Account number
account-rooms = Manage
account-change = Change
identity-room = Have it confirmed who you are
security-room = Passkeys, codes, password, sessions
keys-room = For programs
privacy-room = Consents, export, erasure
history-room = Who did what, and when
operator-room = People, reviews, reports, waiting mail
mail-change = Change the address
mail-change-note = The new address must answer with a code; the old one is told.
mail-change-act = Send the code
mail-new = New address

# Security
security = Signing in and security
security-lead = Passkeys are safest: nobody can be tricked out of one, and there is nothing to leak.
passkey-failed = Nothing was done. Confirm on your device; if it holds no passkey for this site, use your password.
passkeys = Passkeys
passkeys-note = One for each device or security key.
passkeys-none = No passkey yet
passkeys-none-note = With one you sign in without a password.
passkeys-many = There can be { $limit } at most. Remove one that you do not use.
passkey-make = Add a passkey
passkey-label = Name
passkey-label-help = To know it again, such as: office computer.
passkey-unnamed = Unnamed
passkey-unfit = The passkey could not be added. Try again on this page and complete the check on your device.
passkey-unknown = This passkey belongs to no account here, or the check was not completed. Try again or use your password.
totp = Codes of an app
totp-note = Six digits that an authenticator app makes every 30 seconds, asked for after the password.
totp-on = In use
totp-off = Not in use
totp-set = Set up codes of an app
totp-remove = Stop asking for codes
totp-lead = Scan the picture with your authenticator app or type the letters below it, then enter the six digits that it shows.
totp-scan = The secret is shown here once only.
totp-picture = QR code for the authenticator app
totp-code = The six digits of the app
totp-finish = Use these codes
recovery = Recovery codes
recovery-note = Each stands in for a code of the app once, when the telephone is lost. Write them down or print them, and keep them offline.
recovery-left = Unused recovery codes: { $count }.
recovery-make = Make new recovery codes
recovery-once = These codes are shown this once.
recovery-once-note = All earlier ones are no longer good.
recovery-kept = They are kept safely
sessions = Sessions
sessions-note = End the session of a device that you do not know, and change your password.
sessions-end = End all other sessions
session-device = Device and network address
session-began = Began
session-seen = Last used
session-this = this device
session-end = End
session-unknown = Unknown device

# API keys
keys = API keys
keys-lead = For programs that act on your behalf. A key can never do more than you may, and ends when you leave the organisation.
keys-note = The keys themselves are not kept, only their digests.
keys-none = No API keys yet
keys-none-note = They stand here with the time of their last use.
keys-many = There are too many keys in use. End one that you do not need.
key-new = New key
key-new-note = The less it may do, and the shorter, the safer.
key-label = What it is for
key-label-help = Such as: nightly copy of the audit trail.
key-label-wrong = Give 1 to 60 characters.
key-of = On behalf of
key-own = myself
key-scopes = May do
key-scopes-missing = Choose at least one.
key-life = For
key-days = { $days } days
key-make = Make the key
key-made = New key
key-once = The key is shown this once.
key-once-note = Put it into a password manager or the secrets of your program now; never into code.
key-kept = It is kept
key-end = End
key-ended = Ended
key-expired = Expired
scope-account-read = Read the account and its organisations
scope-history-read = Read the audit trail
scope-members-read = Read the members of the organisation

# Programs that sign in by a code
device = Sign a program in
device-lead = A program on a computer of yours asks to act for you. Your password stays here.
device-note = With shiyin login a program gets its key without your copying it.
device-type = Type the code
device-type-note = Type only a code that a program of your own shows you at this moment. Never one that somebody sent you.
device-code = Code
device-code-help = Eight letters and digits, such as ABCD-2345. It holds for ten minutes.
device-code-wrong = No program waits under this code, or it has run out. Compare it with what the program shows, or begin there again.
device-look = Go on
device-ask = May this program act for you?
device-who = Who asks
device-who-note = Name and computer are what the program says of itself.
device-label = Program
device-host = Computer
device-from = Network address
device-host-wrong = Give a host name of at most 100 characters.
device-scopes-wrong = Ask for at least one scope, and only for ones that there are.
device-compare = Does the program show the code { $code }?
device-compare-note = If it shows another, or if you did not begin this yourself, refuse.
device-what = What it may do
device-what-note = Take away what it does not need. You can end the key at any time among your API keys.
device-allow = Allow
device-not = Or not
device-not-note = The program gets no key.
device-refuse = Refuse
device-pending = The person has not decided yet.
device-pending-do = Ask again after the interval.
device-slow = The questions come too fast.
device-slow-do = Wait for the interval that was given.
device-denied = It was refused.
device-denied-do = Begin again if that was a mistake.
device-expired = The code has run out, or its key was fetched already.
device-expired-do = Begin again.

# Organisations
organisation = Organisation
organisation-lead = An organisation has members, roles, approvals and a trail of its own.
organisation-new = Found an organisation
organisation-new-note = You become its owner.
organisation-name = Name of the organisation
organisation-name-help = As it stands in the register, or the name of the team.
organisation-roles = Your roles: { $roles }.
organisation-asks = A stamp must be approved first
organisations = Organisations
organisations-note = Companies and teams.
organisations-none = No organisation
organisations-none-note = Those that you found or join stand here.
members = Members
members-note = Roles are held one by one.
members-many = There are as many members and invitations as there can be.
member-remove = Remove from the organisation
member-remove-note = Keys of this member end at once; records that he or she answers for wait for another custodian.
role-owner = Owner
role-owner-note = appoints members and changes settings
role-applicant = Applicant
role-applicant-note = asks for stamps
role-approver = Approver
role-approver-note = lets them pass or not, never his or her own
role-custodian = Custodian
role-custodian-note = answers for records and files
role-auditor = Auditor
role-auditor-note = reads the audit trail
role-missing = Choose at least one role.
roles-note = There is always an owner.
last-owner = There must be an owner. Hand the organisation over first.
last-held = A hold on a deposited original of the organisation stands in the way: without a member the organisation would end. Lift the hold first; for one of the operator, ask the operator for the reason.
invitations = Invitations
invitations-note = Whoever signs in with that address can join, within 14 days.
invite = Invite
invitation-accept = Join
invitation-note = You are invited to join as: { $roles }.
transfer = Hand over
transfer-note = This member becomes the owner, and you no longer are.
leave = Leave
leave-note = Your keys for the organisation end at once.
approvals = Approvals
approvals-on = A stamp is made once an approver agrees; nobody approves his or her own.
approvals-off = No approval is asked for now; an owner can change that in the settings.
approvals-none = Nothing was asked for
approvals-none-note = What needs approval stands here.
approval-what = What, and who asks
approval-asked = Asked
approval-waiting = Waiting
approval-approved = Approved by { $name }
approval-declined = Declined by { $name }
approve = Approve
decline = Decline

# History
history = Audit trail
history-mine = My audit trail
history-mine-lead = Who did what to your account, and when. Each line holds the digest of the one before, so that none can be changed unseen.
history-note = Each line holds the digest of the one before; the newest is stamped every hour.
history-empty = Nothing yet
history-empty-note = What is done stands here.
history-number = No.
history-time = Time
history-who = Who
history-what = What
history-on = On
history-sealed = Stamped up to line { $number } on { $time }.
history-not-sealed = Not stamped yet; it will be within the hour.
history-broken = Line { $number } does not follow from the one before: the trail was changed.
history-seals = Download the hourly timestamps (JSON)
history-file = Download the trail (JSON)
history-token = Download its timestamp

# Real name
identity = Real name
identity-of = Real name of { $name }
identity-lead = Once checked, certificates can state who applied, how that was found out and when. Others see it masked.
identity-state = As it stands
identity-state-note = Only you and the reviewer see it in full.
identity-none = Not checked
identity-waits = Being checked
identity-confirmed = Checked
identity-refused = Not confirmed
identity-name = Name on the paper
identity-name-help = Exactly as it stands there.
identity-name-wrong = Give it as it stands on the paper, two characters at least.
identity-paper = Paper
identity-country = Issued by
identity-country-help = Two letters of the state, such as CN, SG or DE.
identity-country-wrong = Give the two letters of the state; CN for papers of China.
identity-number = Number
identity-number-help = It is checked by the rules of that paper.
identity-number-wrong = This cannot be the number of such a paper. Compare it with the paper.
identity-representative = Who speaks for it
identity-representative-help = The name of the person who acts for the organisation.
identity-file = Picture of the paper
identity-file-more = Other side, or more
identity-file-help = JPEG, PNG, WebP or PDF, at most { $limit } each. Kept encrypted and deleted { $days } days after the decision.
identity-file-missing = The operator needs a picture of the paper.
identity-file-wrong = JPEG, PNG, WebP or PDF only, at most { $limit } each.
identity-method = Method
identity-asked = Asked
identity-decided = Decided
identity-reason = Reason
identity-others-see = Others see
identity-shown = { $name } ({ $number }), { $method }, { $day }
identity-apply = Have it checked
identity-apply-note = A name that was checked holds until the new decision.
identity-withdraw = Take back
identity-withdraw-note = Deletes what was stated and all pictures; statements that were made say that they no longer hold.
provider-silent = The provider did not answer in time. Send in a picture of the paper instead.
method-papers = Papers seen by the operator
method-papers-note = The operator looks at pictures of the paper and decides.
method-provider = Compared by a provider
method-provider-note = { $name } compares name and number; no picture is needed.
paper-resident-id = Resident identity card of China
paper-passport = Passport
paper-hk-mo = Mainland permit for Hong Kong and Macao residents
paper-tw = Mainland permit for Taiwan residents
paper-permanent-resident = Permanent resident card of China
paper-national-id = Identity card of another state
paper-social-credit = Unified social credit code of China
paper-register = Company register of another state
statement = Statement of identity
statement-note = A file for a third party: your name, how it was checked and when, with a timestamp. You alone can make it.
statement-for = For whom
statement-for-help = Such as a platform or a case; it stands in the statement.
statement-make = Make a statement
statement-made-note = Hand over both files and the address to check them at.
statement-file = Download the statement (JSON)
statement-token = Download its timestamp
statement-check = Check it at
statement-checked = A statement of identity
statement-check-lead = This node made a statement with the digest below. Compute the SHA-256 of the file that you were given and compare.
statement-check-note = This page names nobody.
statement-holds = Holds
statement-over = No longer holds
statement-made = Made

# Privacy
privacy = Privacy and data
privacy-lead = See what you agreed to, export everything, or erase the account.
purpose = Purpose
purpose-terms = Terms of use
purpose-privacy = Data for the account
purpose-identity = Check of the real name
purpose-show-name = Name on public pages
consents = Consents
consents-note = Each is stamped, given or withdrawn; the record holds only a commitment to who you are.
consent-act = Act
consent-stamp = Timestamp
consent-given = given
consent-withdrawn = withdrawn
stamped = Stamped
stamped-soon = Soon
show-name-give = Show my name
show-name-withdraw = Stop showing my name
export = Export
export-note = One JSON file with everything this node keeps about you, papers and trail included.
export-act = Export my data
disclosures = Disclosures
disclosures-note = What was handed to authorities as the law asks stands here; where the law asks for silence, once that is over.
disclosures-none = Nothing was disclosed
disclosures-none-note = It would stand here.
disclosure-to = To whom, and why
disclosure-what = What
erase = Erase
erase-note = Destroys your key, and with it everything sealed under it. Proofs stay valid, and no longer lead to you. Where you paid for something, amounts and dates stay in the books, without a name; ask for what is left of your balance before.
erase-act = Erase my account
erase-confirm = Type your address to confirm. You have seven days to think again.
erase-mail-wrong = That is not your address.
erase-owner = You are the only owner of an organisation with other members. Hand it over first.
erase-asked = Asked
erase-due = Due
erase-held = Kept for now as the law asks; it follows when that is over
erase-held-original = A hold on a deposited original stands in the way. Lift your own hold on the page of the file; for one of the operator, ask the operator for the reason. The erasure follows when no hold is left
erase-stop = Keep the account
frozen = Frozen
frozen-now = This account is frozen.
frozen-now-note = Your data is kept and protected and used for nothing else. You can still export it and ask for erasure.
report = Report abuse
report-lead = Report unlawful content, or a work that somebody else claims. No account is needed.
report-note = Only the operator sees it.
report-about = About what
report-about-help = An address, an evidence number or a digest; at most 500 characters.
report-what = What is wrong
report-what-help = At least 10 characters: what happened, and what your right is.
report-contact = Your address
report-contact-help = For the answer, and nothing else.
report-act = Send

# After an act
said-signed-out = You are signed out.
said-welcome = The account is ready.
said-recovered = The new password is set; sign in with it. All devices were signed out.
said-name = The name was changed.
said-mail = The address was changed.
said-password = The password was changed, and all other devices were signed out.
said-sessions = Ended.
said-passkey = The passkey was added.
said-passkey-removed = The passkey was removed.
said-totp = Codes of the app are asked for from now on. Make recovery codes in case the telephone is lost.
said-totp-removed = Codes are no longer asked for.
said-operator = You are an administrator now.
said-operator-needs-second = An administrator needs a second factor: add a passkey or set up codes of an app.
said-organisation = The organisation was founded.
said-settings = The settings were saved.
said-invited = The invitation was sent.
said-uninvited = The invitation was taken back.
said-joined = You have joined.
said-roles = The roles were changed.
said-left = You have left the organisation.
said-removed = The member was removed.
said-transferred = The organisation was handed over.
said-decided = The decision was noted.
said-key-ended = The key was ended.
said-device-allowed = It is allowed. The program goes on by itself; you can close this page.
said-device-refused = It is refused. The program gets no key.
said-identity-asked = It was sent; you will be told by mail.
said-identity-withdrawn = It was taken back, and everything stated was deleted.
said-consent = It was noted and stamped.
said-erasure = Erasure was asked for; it follows in seven days.
said-erasure-stopped = The account stays.
said-report = It was received. Thank you.
said-done = It was done and noted.

# Acts
act-registered = Registered
act-signed-in = Signed in
act-signed-out = Signed out
act-password-changed = Changed the password
act-recovered = Set a new password
act-mail-changed = Changed the address
act-name-changed = Changed the name
act-passkey-added = Added a passkey
act-passkey-removed = Removed a passkey
act-codes-set = Set up codes of an app
act-codes-removed = Stopped codes of an app
act-recovery-codes-made = Made recovery codes
act-recovery-code-used = Used a recovery code
act-key-made = Made an API key
act-key-ended = Ended an API key
act-webhook-made = Added a webhook
act-webhook-changed = Changed a webhook
act-webhook-secret-changed = Gave a webhook another secret
act-webhook-enabled = Enabled a webhook
act-webhook-disabled = Disabled a webhook
act-webhook-removed = Removed a webhook
act-organisation-made = Founded the organisation
act-organisation-changed = Changed the settings
act-invited = Invited somebody
act-invitation-ended = Took an invitation back
act-joined = Joined
act-roles-changed = Changed roles
act-left = Left
act-transferred = Handed over
act-approval-asked = Asked for approval
act-approved = Approved
act-declined = Declined
act-custodian-set = Appointed a custodian
act-identity-asked = Stated a real name
act-papers-viewed = Looked at papers
act-identity-confirmed = Confirmed a real name
act-identity-refused = Did not confirm a real name
act-identity-withdrawn = Took a real name back
act-papers-deleted = Deleted papers
act-identity-stated = Made a statement of identity
act-consent-given = Gave consent
act-consent-withdrawn = Withdrew consent
act-exported = Exported the data
act-history-exported = Exported the trail
act-erasure-asked = Asked for erasure
act-erasure-stopped = Kept the account
act-mail-viewed = Looked at waiting mail
act-erased = Erased
act-frozen = Froze the account
act-thawed = Thawed the account
act-held = Set a legal hold
act-released = Lifted a legal hold
act-reported = A report came in
act-report-answered = Answered a report
act-blocked = Blocked a digest
act-unblocked = Unblocked a digest
act-announced = Announced something
act-announcement-ended = Ended an announcement
act-job-revived = Let a job be tried again
announcements-full = Three announcements are to be shown in this time already. End one first, or choose another time.
act-disclosed = Disclosed to an authority
act-mail-handed-over = Handed mail over
act-operator-made = Made an administrator
act-operator-ended = Ended an administrator
act-factors-reset = Reset second factors
act-viewed = Viewed
act-shown = Shown to everyone
act-hidden = No longer shown
act-shared = Shared by a link and a code
act-unshared = Share ended
act-downloaded = Downloaded
act-verified = Verified
act-deposited = Deposited an original
act-original-removed = Removed an original
act-original-held = Held an original
act-original-released = Lifted the hold on an original
act-original-handed = Handed an original over to an organisation
act-originals-retried = Began again what had been given up for originals
act-place-adopted = Took an empty place for one that is lost
act-price-set = Announced prices
act-order-made = Began a payment
act-topped-up = Money came in
act-refunded = Gave money back
act-charge-returned = Gave back what a record cost
act-credit-set = Set a credit
act-written-off = Wrote off what is owed
act-invoice-changed = Changed to whom invoices go
act-books-exported = Exported the books

# Mail: the first line is the subject
mail-foot = This mail was sent by a Shiyin node. We never ask for a password by mail, nor for opening a link.
mail-register =
    Your code is { $code }
    Somebody is registering with this address at the Shiyin node of { $name }.

    Code: { $code }

    Type it in the browser in which you began, within the hour. If it was not you, do nothing.
mail-known =
    You have an account already
    Somebody wanted to use this address for an account, and it has one. If it was you, sign in, or set a new password if you lost it. If not, do nothing.
mail-not-invited =
    You cannot register yet
    The Shiyin node of { $name } takes only those who were invited, and this address was not. Ask the organisation that meant to invite you.
mail-recover =
    Your code is { $code }
    Somebody is setting a new password for your account.

    Code: { $code }

    Type it in the browser in which you began, within the hour. If it was not you, do nothing: the password is unchanged.
mail-change-letter =
    Your code is { $code }
    Somebody is making this the address of an account.

    Code: { $code }

    It is good for an hour.
mail-changed =
    The address of your account was changed
    Your account has another address now, and this one gets no further notices. If it was not you, tell the operator at once.
mail-new-device =
    Sign-in from a new device
    Your account was signed in to from a device that it did not know.

    Time: { $time }
    Device: { $device }
    Network address: { $address }

    If it was not you, end that session and change your password.
mail-password =
    Your password was changed
    The password of your account was changed. If it was not you, set a new one at once and tell the operator.
mail-passkey =
    A passkey was added
    A passkey was added to your account. If it was not you, remove it and change your password.
mail-totp =
    Codes of an app are in use
    Your account asks for codes of an app from now on. If it was not you, tell the operator.
mail-totp-removed =
    Codes of an app were stopped
    Your account no longer asks for codes of an app. If it was not you, change your password at once.
mail-recovery-code =
    A recovery code was used
    A recovery code of your account was used. If it was not you, change your password at once and make new codes.
mail-factors-reset =
    Your second factors were reset
    The operator removed passkeys, codes and recovery codes from your account as asked, and all devices were signed out. If you did not ask for it, tell the operator at once.
mail-key =
    An API key was made
    An API key was made in your account. If it was not you, end it and change your password.
mail-invitation =
    You are invited to { $organisation }
    { $name } invites you to { $organisation }. Sign in or register with this address; the invitation is on your account page for 14 days.
mail-identity-confirmed =
    Your real name was checked
    The real name that you stated was confirmed. { $reason }
mail-identity-refused =
    Your real name was not confirmed
    The real name that you stated could not be confirmed. { $reason }

    You can correct it and send it again.
mail-operator-review =
    A real name waits for review
    Somebody stated a real name. It waits at /operator/identities.
mail-operator-report =
    A report of abuse came in
    A visitor reported something. It waits at /operator/reports.
mail-report-answer =
    The answer to your report
    You reported: { $about }

    { $answer }
mail-erasure =
    Your account will be erased
    Your account will be erased in seven days. If you think again, sign in before that and keep it; if it was not you, keep it and change your password.
act-preserved = Record made
scope-records-read = Read records and works
scope-records-write = Apply for timestamps
scope-holdings-read = Download deposited originals
scope-holdings-write = Deposit originals
scope-webhooks-read = Read events and webhooks
scope-webhooks-write = Set up webhooks
act-words-changed = Types, tags or templates of works changed
keys-reference = API reference
keys-guide = Guide
idempotency-wrong = Idempotency-Key: 1 to 100 visible ASCII characters.
idempotency-other = This Idempotency-Key came with other content before. Give each request a key of its own.
idempotency-under-way = A request with this Idempotency-Key is being carried out
idempotency-under-way-do = Send it again in a few seconds; it will be answered as the first.
