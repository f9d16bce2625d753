DROP TABLE figures;
DROP TABLE reviews;
