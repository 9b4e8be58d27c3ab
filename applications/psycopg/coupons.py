"""Redeems coupons with psycopg: a question a line on the standard input, an answer a line on the standard output.

    DATABASE_URL=postgres://... python3 coupons.py look|insert
"""

import json
import os
import sys

import psycopg
from psycopg.errors import UniqueViolation


class Refusal(Exception):
    """A request that is refused: raised inside a transaction, it rolls back."""


def find_coupon(connection, code):
    query = "SELECT id FROM coupon WHERE code = %s AND active"
    coupon = connection.execute(query, [code]).fetchone()
    if coupon is None:
        raise Refusal("no such coupon")
    return coupon[0]


def insert_redemption(connection, coupon_id, user_id):
    query = "INSERT INTO redemption (coupon_id, user_id) VALUES (%s, %s)"
    connection.execute(query, [coupon_id, user_id])


def look(connection, user_id, code):
    """Looks for an earlier redemption, then inserts one."""
    with connection.transaction():
        coupon_id = find_coupon(connection, code)
        query = "SELECT 1 FROM redemption WHERE coupon_id = %s AND user_id = %s"
        if connection.execute(query, [coupon_id, user_id]).fetchone() is not None:
            raise Refusal("already redeemed")
        insert_redemption(connection, coupon_id, user_id)


def insert(connection, user_id, code):
    """Inserts, and lets the unique index refuse the second one."""
    try:
        with connection.transaction():
            insert_redemption(connection, find_coupon(connection, code), user_id)
    except UniqueViolation:
        raise Refusal("already redeemed") from None


def answer(redeem, connection, command):
    try:
        redeem(connection, command["userId"], command["code"])
        return {"answer": {"kind": "ok"}}
    except Refusal as refusal:
        return {"answer": {"kind": "rejected", "reason": str(refusal)}}
    except psycopg.Error as error:
        return {"error": {"message": str(error), "code": error.sqlstate}}


def connect():
    # Without it, a statement is prepared once it has been asked for five times, and these are forgotten after
    # an error with a statement of their own: a run would depend on those before it.
    options = {"autocommit": True, "prepare_threshold": None}
    return psycopg.connect(os.environ["DATABASE_URL"], **options)


def main():
    redeem = {"look": look, "insert": insert}[sys.argv[1]]
    connection = connect()
    for line in sys.stdin:
        question = json.loads(line)
        if connection.closed:
            connection = connect()
        said = answer(redeem, connection, question["ask"])
        print(json.dumps({"id": question["id"], **said}), flush=True)


main()
