# The image of runs on Amazon ECS, and of a worker anywhere: the project in /opt/connector, with its instances/.
FROM python:3.12-slim
WORKDIR /opt/connector
ENV CONNECTOR_HOME=/opt/connector PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY requirements/runtime.txt requirements/runtime.txt
RUN pip install --no-cache-dir --require-hashes --requirement requirements/runtime.txt
COPY . .
RUN pip install --no-cache-dir --no-deps . \
    && useradd --system --home /opt/connector connector \
    && mkdir -p var && chown connector var
USER connector
