/// Models by their names: fetched from a Hugging Face style hub, an OCI registry or a URL, held
/// against their digests, and kept in caches that outlast the process. Start at [ModelStore], then
/// [HubPull] and [Transfer].
@NullMarked
package dev.nunchi.hub;

import org.jspecify.annotations.NullMarked;
