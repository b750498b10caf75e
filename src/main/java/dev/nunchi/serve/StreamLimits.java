package dev.nunchi.serve;

import java.time.Duration;

/// How many streams are open at a time. Of a connection and a caller 0 means that there is no
/// limit.
///
/// @param most of all callers, at least one
/// @param mostPerConnection of one connection
/// @param mostPerCaller of one token, or of one address where the server asks for none
/// @param idle how long a stream may send nothing while nothing of it is at work
record StreamLimits(int most, int mostPerConnection, int mostPerCaller, Duration idle) {}
