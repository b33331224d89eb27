# oomlint in an image of its own: docker run --rm --memory 256m -v "$PWD:/src:ro" oomlint
FROM rust:1.95-slim AS build
WORKDIR /oomlint
COPY Cargo.toml Cargo.lock README.md ./
COPY src src
COPY rules rules
RUN RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --target x86_64-unknown-linux-gnu

FROM scratch
COPY --from=build /oomlint/target/x86_64-unknown-linux-gnu/release/oomlint /oomlint
WORKDIR /src
USER 65534:65534
# oomlint: ignore[disabled-healthcheck] it runs once and is gone: there is nothing to watch
HEALTHCHECK NONE
ENTRYPOINT ["/oomlint"]
