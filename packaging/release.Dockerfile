# The image of a release: the static program and nothing else. packaging/image.sh builds it for each system.
FROM scratch
ARG PROGRAM
COPY --chmod=755 ${PROGRAM} /oomlint
WORKDIR /src
USER 65534:65534
# oomlint: ignore[disabled-healthcheck] it runs once and is gone: there is nothing to watch
HEALTHCHECK NONE
ENTRYPOINT ["/oomlint"]
