# syntax=docker/dockerfile:1
# One image with the one binary; the command picks the roles. --build-arg COMMIT is what `trunkline --version` shows.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
# The image brings the version of rust-toolchain.toml; its other components are not needed here.
ENV RUSTUP_TOOLCHAIN=1.95.0
# For LAME, the MP3 encoder; any version of it does, and the base image is what is pinned.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
COPY . .
ARG COMMIT=unknown
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    BUILD_COMMIT="$COMMIT" cargo build --release --locked --bin trunkline \
    && install -D --strip target/release/trunkline /out/trunkline \
    && install -d /out/data/objects /out/secrets

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Trunkline" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
# The certificates that Twilio's, S3's and the AI providers' are checked against.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/trunkline /usr/local/bin/trunkline
# A volume begins with what is in its place, its owner included: these are there so that volumes belong to this user too.
COPY --from=build --chown=10001:10001 /out/data /data
COPY --from=build --chown=10001:10001 /out/secrets /secrets/roles
COPY --from=build --chown=10001:10001 /out/secrets /secrets/postgres
COPY --from=build --chown=10001:10001 /out/secrets /secrets/rabbitmq
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV TRUNKLINE_BIND=0.0.0.0
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200'"]
ENTRYPOINT ["trunkline"]
CMD ["up", "--port", "8080", "--data-dir", "/data"]
