CREATE INDEX customers_group_id ON customers (group_id);
CREATE INDEX customers_search ON customers USING gin (
    first_name gin_trgm_ops, last_name gin_trgm_ops, email gin_trgm_ops, company_name gin_trgm_ops
);
