not-offered = This node takes no originals
not-offered-do = Stamp the file by its digest and keep it yourself, or ask the operator.
file-large = The file is too large
file-large-do = One file may have up to { $limit }. Stamp it by its digest and keep it yourself, or ask the operator for a higher limit.
quota-over = That is more than there is room for
quota-over-do = Up to { $quota } are kept for each owner, and { $left } of that are left. Remove originals that you no longer need, or ask the operator for more.
uploads-many = Too many uploads are open
uploads-many-do = Finish some of them or give them up, then go on.
content-blocked = The operator has blocked this content as the law demands
content-blocked-do = Ask the operator if you disagree.
disk-full = There is no room left on this node
disk-full-do = What has arrived is kept. Try again later, or tell the operator that the storage is full.
storage-away = The storage does not answer
storage-away-do = What has arrived is kept. Try again in a few minutes; if it goes on, tell the operator.
upload-locked = This upload is being written by another connection
upload-locked-do = Wait until that one has ended, ask for the offset, and go on from there.
upload-cut = The connection ended before all was here
upload-cut-do = Ask for the offset and go on from there.
offset-other = The upload is at another place
offset-other-do = Go on from byte { $offset }.
more-than-said = More bytes came than the upload was said to have
more-than-said-do = Begin a new upload with the right length.
piece-large = A piece with a checksum is too large
piece-large-do = Send pieces of up to { $limit }, or leave the checksum out: the whole file is checked at the end.
piece-differs = These bytes are not what their checksum says
piece-differs-do = Nothing of them was kept. Send them again.
digest-said = Another digest was named for this upload before
digest-said-do = Begin a new upload for the other file.
digest-missing = The digest of the file is missing
digest-missing-do = All bytes are here. Send the SHA-256 in hexadecimal as sha256 in Upload-Metadata, with an empty PATCH at the end.
digest-differs = What arrived is not the file that was hashed
digest-differs-do = It was thrown away. If the file changed meanwhile, hash it again, then upload it anew.
version-other = This is another version of the tus protocol
version-other-do = Send Tus-Resumable: 1.0.0.
header-wrong = The header { $name } is missing or wrong
header-wrong-do = Send { $name } as the tus protocol 1.0.0 says.
media-type = The bytes came as another media type
media-type-do = Send Content-Type: application/offset+octet-stream.
parts-not-joined = Parts of one file are not joined here
parts-not-joined-do = Send each file from its beginning to its end, several files at once if you like: in tus-js-client leave parallelUploads at 1.
attach-differs = The original that was uploaded is not the file “{ $name }”
attach-differs-do = Upload that file again, or remove it from the application.
attach-salted = The originals of a record with salted digests are not kept here
attach-salted-do = Such a record hides its content from this node. Keep the files and salts yourself, or make a record that deposits.
original-bound = The original of “{ $name }” belongs to your own records and cannot be handed over to the organisation
original-bound-do = Go back to the first page and put the file down again; it is then uploaded for the organisation. Or apply for yourself.
original-held = A hold stands on this original
original-held-do = It cannot be removed before the hold is lifted. Lift your own hold first; for one of the operator, ask the operator for the reason.
original-lost = No good copy of this original can be read now
original-lost-do = The record and its token stay valid. Tell the operator; if you have the file, upload it again and it takes its old place.
remove-consequences = The original will be removed from this node in all copies, and cannot be brought back. The record and its token stay valid; whoever has the file can go on proving that it existed no later than the time in the token. This node can then no longer give the file back.
mail-term =
    Originals will be removed on { $day }
    The term of { $count } originals that you deposited at { $url } comes to its end, for the first of them on { $day } (UTC).

    After its term an original is removed from the node in all copies. Records and tokens stay valid, and whoever has the file can go on proving with it. Download what you want to keep before that day.
finding-lost = - { $count }: no good copy of the original is left
finding-wrong = - { $count } in “{ $place }”: the copy is as it was written, and is not what the record names
finding-damaged = - { $count } in “{ $place }”: the copy is damaged
finding-missing = - { $count } in “{ $place }”: the copy is gone
finding-away = - The place “{ $place }” has not answered for a day
finding-mended = - { $count } in “{ $place }”: the copy is good again, written anew from a good one where that was needed
finding-found = - { $count }: the original that was lost has a good copy again
finding-back = - The place “{ $place }” answers again
mail-care-lost = No good copy of an original is left
mail-care-bad = Copies of originals are damaged or gone
mail-care-mended = Copies of originals were damaged or gone, and are mended
mail-care-away = A place with copies of originals does not answer
mail-care-well = Originals are whole again
mail-care-operator =
    { $subject }
    The checks of the originals at { $url } found:

    { $lines }

    What stands where, and what can be done, is on the page { $url }/operator/holdings. What is still bad is told here once and not again at every check.
mail-care-owner =
    { $subject }
    The checks of the originals that you deposited at { $url } found:

    { $lines }

    A copy that is damaged or gone is written anew from a good one by itself, and the operator was told too. Where no good copy is left, upload the file again if you have it: it takes its old place. Records and tokens stay valid in any case.
mail-care-records = Records: { $numbers }
