"""The rig itself: a broker that keeps its messages over an orderly stop, and comes back on its port after kill -9."""
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition


def send(server, topic, values, **options):
    producer = KafkaProducer(bootstrap_servers=server.address, acks="all", **options)
    for value in values:
        producer.send(topic, value)
    producer.flush(30)
    producer.close(5)


def read_all(server, topic, partition=0):
    consumer = KafkaConsumer(bootstrap_servers=server.address, enable_auto_commit=False, consumer_timeout_ms=20000)
    here = TopicPartition(topic, partition)
    consumer.assign([here])
    end = consumer.end_offsets([here])[here]
    consumer.seek_to_beginning(here)
    values = []
    while consumer.position(here) < end:
        values.append(next(consumer).value)
    consumer.close()
    return values


def test_topics_are_created_and_carry_messages(kafka):
    kafka.create_topic("rig.carry", partitions=3, retention_ms=3600000)
    assert kafka.topics()["rig.carry"] == 3
    send(kafka, "rig.carry", [b"%d" % i for i in range(100)], compression_type="lz4", partitioner=lambda *_: 0)
    assert read_all(kafka, "rig.carry") == [b"%d" % i for i in range(100)]
    assert read_all(kafka, "rig.carry", partition=1) == []


def test_messages_survive_stop_and_kill(own_kafka):
    address = own_kafka.address
    own_kafka.create_topic("rig.keep")
    send(own_kafka, "rig.keep", [b"before the stop"])
    own_kafka.stop()
    assert not own_kafka.running
    own_kafka.start()
    assert own_kafka.address == address
    send(own_kafka, "rig.keep", [b"before the kill"])
    own_kafka.kill()
    own_kafka.start()
    assert read_all(own_kafka, "rig.keep") == [b"before the stop", b"before the kill"]


def test_a_paused_broker_goes_on(own_kafka):
    own_kafka.create_topic("rig.pause")
    producer = KafkaProducer(bootstrap_servers=own_kafka.address, acks="all")
    producer.send("rig.pause", b"before the pause").get(20)
    own_kafka.pause()
    waiting = producer.send("rig.pause", b"in the pause")
    time.sleep(1)
    assert not waiting.is_done
    own_kafka.resume()
    waiting.get(20)
    producer.close(5)
    assert read_all(own_kafka, "rig.pause") == [b"before the pause", b"in the pause"]
