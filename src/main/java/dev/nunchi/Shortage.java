package dev.nunchi;

import java.time.Duration;

/// What a caller has used up, and how long it takes until there is enough of it again.
///
/// @param subject who has, such as `token:reviews`
/// @param delay the whole time, if the caller sends nothing meanwhile
public record Shortage(String subject, Duration delay) {}
