/// Load on a server and what comes of it: the caller's side of the contract, timed.
@NullMarked
package dev.nunchi.bench;

import org.jspecify.annotations.NullMarked;
